// Logs, and who hears of alerts.
param stage string
param location string
param tags object
param alertEmail string

var receivers = [{ name: 'operator', emailAddress: alertEmail, useCommonAlertSchema: true }]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-sluice-${stage}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: true
    }
    workspaceCapping: { dailyQuotaGb: 5 }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-sluice-${stage}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-sluice-${stage}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'sluice'
    enabled: true
    emailReceivers: empty(alertEmail) ? [] : receivers
  }
}

output insightsName string = insights.name
output workspaceId string = workspace.id
output actionGroupId string = group.id
