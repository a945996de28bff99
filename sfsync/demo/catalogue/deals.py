"""Opportunity and what hangs on it: contact roles, stages, currencies, a custom line object."""

from __future__ import annotations

from typing import Any, Final

from sfsync.demo.catalogue.fields import (
    READ_ONLY,
    REQUIRED,
    currency,
    currency_code,
    custom,
    day,
    deleted,
    flag,
    lookup,
    moment,
    number,
    owner,
    percent,
    picklist,
    record_id,
    stamps,
    text,
    text_area,
    viewed,
    whole,
)
from sfsync.demo.catalogue.parties import LEAD_SOURCES
from sfsync.demo.catalogue.sobject import ALL_ABILITIES, SObject

STAGES: Final = (
    *("Prospecting", "Qualification", "Needs Analysis", "Value Proposition"),
    *("Id. Decision Makers", "Perception Analysis", "Proposal/Price Quote"),
    *("Negotiation/Review", "Closed Won", "Closed Lost"),
)
_FORECASTS: Final = ("Omitted", "Pipeline", "BestCase", "MostLikely", "Forecast", "Closed")
_FORECAST_NAMES: Final = ("Omitted", "Pipeline", "Best Case", "Commit", "Closed")
_TYPES: Final = (
    *("Existing Customer - Upgrade", "Existing Customer - Replacement"),
    *("Existing Customer - Downgrade", "New Customer"),
)
_PRODUCTS: Final[dict[str, Any]] = {"feature": "products"}
_CALCULATED: Final[dict[str, Any]] = {**READ_ONLY, "permissionable": True}

OPPORTUNITY: Final = SObject(
    name="Opportunity",
    label="Opportunity",
    plural="Opportunities",
    prefix="006",
    abilities=ALL_ABILITIES | {"deepCloneable"},
    fields=(
        record_id("Opportunity ID"),
        deleted(),
        lookup(
            "AccountId",
            "Account ID",
            "Account",
            "Account",
            child="Opportunities",
            cascade=True,
            prefilterable=True,
        ),
        flag("IsPrivate", "Private", permissionable=True),
        text("Name", "Name", 120, name_field=True, id_lookup=True, **REQUIRED),
        text_area("Description", "Description"),
        picklist("StageName", "Stage", STAGES, 255, **REQUIRED),
        currency("Amount", "Amount"),
        percent("Probability", "Probability (%)", defaulted=True),
        currency("ExpectedRevenue", "Expected Amount", **_CALCULATED),
        number("TotalOpportunityQuantity", "Quantity"),
        day("CloseDate", "Close Date", **REQUIRED),
        picklist("Type", "Opportunity Type", _TYPES, 255),
        text("NextStep", "Next Step", 255),
        picklist("LeadSource", "Lead Source", LEAD_SOURCES, 255),
        flag("IsClosed", "Closed", **READ_ONLY),
        flag("IsWon", "Won", **READ_ONLY),
        picklist(
            "ForecastCategory",
            "Forecast Category",
            _FORECASTS,
            restricted=True,
            **READ_ONLY,
            **REQUIRED,
        ),
        picklist(
            "ForecastCategoryName",
            "Forecast Category",
            _FORECAST_NAMES,
            255,
            restricted=True,
            defaulted=True,
            permissionable=False,
        ),
        currency_code("Opportunity Currency"),
        flag("HasOpportunityLineItem", "Has Line Item", **READ_ONLY),
        lookup(
            "Pricebook2Id",
            "Price Book ID",
            "Pricebook2",
            "Pricebook2",
            child="Opportunities",
            defaulted=True,
            prefilterable=True,
            permissionable=False,
            **_PRODUCTS,
        ),
        owner(),
        *stamps(),
        day("LastActivityDate", "Last Activity", **READ_ONLY),
        moment("LastStageChangeDate", "Last Stage Change Date", **READ_ONLY),
        whole("FiscalQuarter", "Fiscal Quarter", compound="Fiscal", **READ_ONLY),
        whole("FiscalYear", "Fiscal Year", compound="Fiscal", **READ_ONLY),
        text("Fiscal", "Fiscal Period", 6, one_byte=True, **READ_ONLY),
        lookup(
            "ContactId",
            "Contact ID",
            "Contact",
            None,
            child="Opportunities",
            updateable=False,
            permissionable=False,
        ),
        *viewed(),
        flag("HasOpenActivity", "Has Open Activity", query_refused=True, **READ_ONLY),
        flag("HasOverdueTask", "Has Overdue Task", query_refused=True, **READ_ONLY),
        custom(text("Project_Code__c", "Project Code", 40)),
        custom(text("PO_Number__c", "PO Number", 40)),
        custom(picklist("Department__c", "Department", ("Ops", "Mktg", "Sales", "IT"), 255)),
        custom(text("Cost_Center__c", "Cost Center", 40)),
    ),
)

CONTACT_ROLE: Final = SObject(
    name="OpportunityContactRole",
    label="Opportunity Contact Role",
    plural="Opportunity Contact Role",
    prefix="00K",
    abilities=ALL_ABILITIES
    - {"undeletable", "feedEnabled", "mruEnabled", "searchLayoutable", "searchable"},
    fields=(
        record_id("Contact Role ID"),
        lookup(
            "OpportunityId",
            "Opportunity ID",
            "Opportunity",
            "Opportunity",
            child="OpportunityContactRoles",
            cascade=True,
            updateable=False,
            **REQUIRED,
        ),
        lookup(
            "ContactId",
            "Contact ID",
            "Contact",
            "Contact",
            child="OpportunityContactRoles",
            cascade=True,
            **REQUIRED,
        ),
        picklist(
            "Role",
            "Role",
            (
                *("Business User", "Decision Maker", "Economic Buyer", "Economic Decision Maker"),
                *("Evaluator", "Executive Sponsor", "Influencer", "Technical Buyer", "Other"),
            ),
            permissionable=False,
        ),
        flag("IsPrimary", "Primary"),
        currency_code("Contact Role Currency"),
        *stamps(),
        deleted(),
    ),
)

STAGE: Final = SObject(
    name="OpportunityStage",
    label="Opportunity Stage",
    plural="Opportunity Stage",
    prefix="01J",
    abilities=frozenset({"queryable", "replicateable", "retrieveable"}),
    fields=(
        record_id("Opportunity Stage ID"),
        text("MasterLabel", "Master Label", 255, name_field=True, **READ_ONLY),
        text("ApiName", "API Name", 255, **READ_ONLY),
        flag("IsActive", "Is Active", **READ_ONLY),
        whole("SortOrder", "Sort Order", **READ_ONLY),
        flag("IsClosed", "Closed", **READ_ONLY),
        flag("IsWon", "Won", **READ_ONLY),
        picklist(
            "ForecastCategory",
            "Forecast Category",
            _FORECASTS,
            restricted=True,
            **READ_ONLY,
            **REQUIRED,
        ),
        picklist(
            "ForecastCategoryName", "Forecast Category Name", _FORECAST_NAMES, 255, **READ_ONLY
        ),
        percent("DefaultProbability", "Probability (%)", **READ_ONLY),
        text("Description", "Description", 255, **READ_ONLY),
        *stamps(),
    ),
)

CURRENCY_TYPE: Final = SObject(
    name="CurrencyType",
    label="Currency Type",
    plural="Currency Type",
    prefix="01L",
    abilities=frozenset({"createable", "queryable", "retrieveable", "updateable"}),
    feature="multi_currency",
    fields=(
        record_id("Currency Type ID"),
        picklist("IsoCode", "Currency ISO Code", (), 3, **REQUIRED),
        number("ConversionRate", "Conversion Rate", 18, 6, **REQUIRED),
        whole("DecimalPlaces", "Decimal Places", **REQUIRED),
        flag("IsActive", "Active"),
        flag("IsCorporate", "Corporate", **READ_ONLY),
        *stamps(),
    ),
)

DEAL_LINE: Final = SObject(
    name="Deal_Line__c",
    label="Deal Line",
    plural="Deal Lines",
    prefix="a00",
    custom=True,
    fields=(
        record_id("Record ID"),
        owner(),
        deleted(),
        text("Name", "Deal Line Name", 80, name_field=True, **REQUIRED),
        currency_code("Currency ISO Code"),
        *stamps(),
        custom(
            lookup(
                "Opportunity__c",
                "Opportunity",
                "Opportunity",
                "Opportunity__r",
                child="Deal_Lines__r",
                cascade=True,
            ),
        ),
        custom(text("Product__c", "Product", 255)),
        custom(number("Quantity__c", "Quantity", 12, 2)),
        custom(currency("Unit_Price__c", "Unit Price")),
        custom(currency("Amount__c", "Amount")),
    ),
)
