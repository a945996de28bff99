// Reads and writes a running demo org with jsforce: node check_jsforce.mjs URL ACCESS_TOKEN
import jsforce from "jsforce";

const [instanceUrl, accessToken] = process.argv.slice(2);
const org = new jsforce.Connection({ instanceUrl, accessToken, version: "67.0" });

function check(what, holds) {
  if (!holds) throw new Error(`failed: ${what}`);
  console.log(`ok: ${what}`);
}

const who = await org.identity();
check("identity", who.username === "finance@northwind.demo");
const described = await org.sobject("Opportunity").describe();
check("describe", described.fields.some((field) => field.name === "Project_Code__c"));
const won = await org.query("SELECT Id, Amount, Account.Name FROM Opportunity WHERE IsWon = true");
check("query", won.done && won.totalSize > 20);
const made = await org.sobject("Account").create({ Name: "Made by jsforce" });
check("create", made.success);
await org.sobject("Account").update({ Id: made.id, Phone: "1" });
const row = await org.sobject("Account").retrieve(made.id);
check("retrieve", row.Phone === "1" && row.Name === "Made by jsforce");
const gone = await org.sobject("Account").destroy(made.id);
check("destroy", gone.success);
const refused = await org.query("SELECT Foo FROM Account").catch((error) => error);
check("error code", refused.errorCode === "INVALID_FIELD");
const rows = await (await org.bulk2.query("SELECT Id, Name FROM Opportunity")).toArray();
check("bulk 2.0 query", rows.length > 40);
