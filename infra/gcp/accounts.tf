# One account for each function: what one may do, the others may not.
resource "google_service_account" "function" {
  for_each = local.functions

  project      = var.project_id
  account_id   = "${local.prefix}-${each.value}"
  display_name = "Sluice ${var.stage}: ${each.value}"
}

locals {
  helpers = {
    push   = "Pub/Sub's calls of the functions"
    timer  = "Cloud Scheduler's calls of sweep"
    delays = "what Cloud Tasks publishes of work that was to wait"
    build  = "builds of the functions"
  }
}

# Of those that act for the functions; none of them may do another's work.
resource "google_service_account" "helper" {
  for_each = local.helpers

  project      = var.project_id
  account_id   = "${local.prefix}-${each.key}"
  display_name = "Sluice ${var.stage}: ${each.value}"
}

resource "google_project_iam_member" "build" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.createOnPushWriter"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.helper["build"].member
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.helper["build"].member
}

# Only this database, not the project's others.
resource "google_project_iam_member" "state" {
  for_each = toset(local.keepers)

  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.value].member

  condition {
    title      = "sluice-state"
    expression = "resource.name == 'projects/${var.project_id}/databases/${google_firestore_database.state.name}'"
  }
}

resource "google_project_iam_member" "limits" {
  count = var.intake_enabled ? 1 : 0

  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.function["intake"].member

  condition {
    title      = "sluice-limits"
    expression = "resource.name == 'projects/${var.project_id}/databases/${google_firestore_database.limits[0].name}'"
  }
}

locals {
  # Who sends which work.
  publishers = merge(
    var.intake_enabled ? { intake-evaluate = { function = "intake", topic = "evaluate" } } : {},
    {
      evaluate-evaluate = { function = "evaluate", topic = "evaluate" }
      deliver-evaluate  = { function = "deliver", topic = "evaluate" }
      sweep-evaluate    = { function = "sweep", topic = "evaluate" }
      evaluate-deliver  = { function = "evaluate", topic = "deliver" }
      deliver-deliver   = { function = "deliver", topic = "deliver" }
      sweep-deliver     = { function = "sweep", topic = "deliver" }
    },
    var.publish_decisions ? {
      evaluate-decisions = { function = "evaluate", topic = "decisions" }
      deliver-decisions  = { function = "deliver", topic = "decisions" }
    } : {},
  )

  # Who lets work wait. Intake never does, and inputs has no work.
  delayers = toset(["evaluate", "deliver", "sweep"])
}

resource "google_pubsub_topic_iam_member" "publish" {
  for_each = local.publishers

  project = var.project_id
  topic   = google_pubsub_topic.this[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function[each.value.function].member
}

resource "google_pubsub_topic_iam_member" "delays_publish" {
  for_each = toset(["evaluate", "deliver"])

  project = var.project_id
  topic   = google_pubsub_topic.this[each.value].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.helper["delays"].member
}

resource "google_cloud_tasks_queue_iam_member" "enqueue" {
  for_each = local.delayers

  project  = var.project_id
  location = var.location
  name     = google_cloud_tasks_queue.delays.name
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.function[each.value].member
}

# To make a task that acts as another account, one must be allowed to act as it.
resource "google_service_account_iam_member" "use_delays" {
  for_each = local.delayers

  service_account_id = google_service_account.helper["delays"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.value].member
}

resource "google_pubsub_subscription_iam_member" "sweep_reads_dead" {
  project      = var.project_id
  subscription = google_pubsub_subscription.dead.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.function["sweep"].member
}

locals {
  readable = merge(
    { for at in var.registry_repositories : "evaluate-${at.project}-${at.location}-${at.repository}" => { function = "evaluate", at = at } },
    { for pair in setproduct(local.keepers, var.policy_repositories) : "${pair[0]}-${pair[1].project}-${pair[1].location}-${pair[1].repository}" => { function = pair[0], at = pair[1] } },
  )

  function_secrets = merge([
    for name, secrets in var.secrets : {
      for secret in secrets : "${name}-${secret}" => { function = name, secret = secret }
    } if contains(local.functions, name)
  ]...)
}

resource "google_artifact_registry_repository_iam_member" "read" {
  for_each = local.readable

  project    = each.value.at.project
  location   = each.value.at.location
  repository = each.value.at.repository
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "read" {
  for_each = local.function_secrets

  project   = var.project_id
  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

resource "google_storage_bucket_iam_member" "catalog" {
  for_each = var.catalog_bucket == null ? toset([]) : toset(local.keepers)

  bucket = var.catalog_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.function[each.value].member
}
