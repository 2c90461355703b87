output "intake_url" {
  description = "Where registries send their events: this and the path of a source in sluice.yaml. Null where intake is off."
  value       = var.intake_enabled ? google_cloudfunctions2_function.this["intake"].service_config[0].uri : null
}

output "inputs_url" {
  description = "Where flux-operators ask for their clusters' inputs: this and the path of `inputs` in sluice.yaml. Null where inputs is off."
  value       = var.inputs_enabled ? google_cloudfunctions2_function.this["inputs"].service_config[0].uri : null
}

output "service_accounts" {
  description = "Accounts by function, for rights that this module cannot give (clusters, other projects, other clouds)."
  value       = { for name, account in google_service_account.function : name => account.email }
}

output "database" {
  description = "Firestore database that holds state, records and dead letters."
  value       = google_firestore_database.state.name
}

output "dead_subscription" {
  description = "Subscription that Pub/Sub's dead letters pass through."
  value       = google_pubsub_subscription.dead.name
}

output "decisions_topic" {
  description = "Topic that hears of decisions and deliveries, where publish_decisions is on."
  value       = google_pubsub_topic.this["decisions"].id
}
