"""An embedded Salesforce org on loopback; knows nothing of the rooms above."""
