targetScope = 'subscription'

@description('Name of the stage, such as prod. azd: the name of the environment.')
@minLength(1)
@maxLength(20)
param stage string

@description('Region. It must have Flex Consumption.')
param location string

@description('Registries of this tenant whose pushes are followed: name, location, subscriptionId and resourceGroup of each, which may differ from the stage\'s. `systemTopic`: the name of the Event Grid system topic that the registry has already, if any. `abac`: true where the registry grants rights by repository.')
param registries array = []

@description('Who hears of alerts. Empty: they are seen in the portal alone.')
param alertEmail string = ''

@description('Object id of the person who deploys: may run `sluice` against this stage and set its secrets. Empty: nobody.')
param operatorPrincipalId string = ''

@description('Whether decisions are told to an Event Grid topic of the stage.')
param publishDecisions bool = false

@description('When the sweep looks at every repository, as NCRONTAB. Keep it equal to `sweep.interval` in sluice.yaml.')
param sweepSchedule string = '0 */15 * * * *'

var tags = { 'azd-env-name': stage, application: 'sluice' }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-sluice-${stage}'
  location: location
  tags: tags
}

module sluice 'modules/stage.bicep' = {
  scope: group
  params: {
    stage: stage
    location: location
    tags: tags
    alertEmail: alertEmail
    operatorPrincipalId: operatorPrincipalId
    publishDecisions: publishDecisions
    sweepSchedule: sweepSchedule
  }
}

// Three steps for each registry: its topic has an identity; that identity may deliver to the stage; only then is there a
// subscription, which Event Grid checks when it is made.
module topics 'modules/registry-topic.bicep' = [
  for registry in registries: {
    name: 'sluice-${stage}-${registry.name}-topic'
    scope: resourceGroup(registry.subscriptionId, registry.resourceGroup)
    params: {
      registryName: registry.name
      location: registry.location
      systemTopicName: registry.?systemTopic ?? 'sluice-${registry.name}'
      abac: registry.?abac ?? false
      readers: sluice.outputs.registryReaders
      tags: tags
    }
  }
]

module deliveries 'modules/event-delivery.bicep' = [
  for (registry, index) in registries: {
    name: 'sluice-${stage}-${registry.name}-delivery'
    scope: group
    params: {
      storageAccountName: sluice.outputs.storageAccountName
      principalId: topics[index].outputs.principalId
    }
  }
]

module subscriptions 'modules/event-subscription.bicep' = [
  for (registry, index) in registries: {
    name: 'sluice-${stage}-${registry.name}-subscription'
    scope: resourceGroup(registry.subscriptionId, registry.resourceGroup)
    params: {
      stage: stage
      systemTopicName: registry.?systemTopic ?? 'sluice-${registry.name}'
      storageAccountId: sluice.outputs.storageAccountId
      actionGroupId: sluice.outputs.actionGroupId
      tags: tags
    }
    dependsOn: [
      deliveries[index]
    ]
  }
]

// What `azd env get-values` tells the `sluice` command and the person who deploys.
output SLUICE_STORAGE__queueServiceUri string = sluice.outputs.queueUri
output SLUICE_STORAGE__tableServiceUri string = sluice.outputs.tableUri
output SLUICE_KEY_VAULT_URI string = sluice.outputs.evaluateVaultUri
output SLUICE_VAULTS object = sluice.outputs.vaults
output SLUICE_INTAKE_URL string = sluice.outputs.intakeUrl
output SLUICE_INPUTS_URL string = sluice.outputs.inputsUrl
output SLUICE_IDENTITIES object = sluice.outputs.identities
