#!/bin/sh
# Reads a running demo org with the Salesforce CLI: check_sf.sh URL ACCESS_TOKEN
set -eu
export SF_ACCESS_TOKEN="$2" SF_DISABLE_TELEMETRY=true
sf org login access-token --instance-url "$1" --alias sfsync-demo --no-prompt
sf data query --target-org sfsync-demo --query "SELECT Id, Name FROM Opportunity WHERE IsWon = true LIMIT 3"
sf sobject describe --target-org sfsync-demo --sobject Opportunity >/dev/null
sf org logout --target-org sfsync-demo --no-prompt
