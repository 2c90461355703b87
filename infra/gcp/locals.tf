locals {
  prefix = "sluice-${var.stage}"

  # The functions read their resources' names by the same rule (functions/gcp/names.ts).
  topics = {
    evaluate  = "${local.prefix}-evaluate"
    deliver   = "${local.prefix}-deliver"
    decisions = "${local.prefix}-decisions"
    dead      = "${local.prefix}-dead"
  }

  # Below each function's own limit in its code lies 10 s; above it a message's deadline lies 60 s.
  timeouts = {
    intake   = 30
    evaluate = 120
    deliver  = 300
    sweep    = 300
    inputs   = 60
  }

  # Those that work under the policy, and so with the state.
  keepers = var.inputs_enabled ? ["evaluate", "deliver", "sweep", "inputs"] : ["evaluate", "deliver", "sweep"]

  functions = toset(var.intake_enabled ? concat(["intake"], local.keepers) : local.keepers)

  labels = merge({ app = "sluice", stage = var.stage }, var.labels)

  apis = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ])

  environment = {
    NODE_ENV             = "production"
    GOOGLE_CLOUD_PROJECT = var.project_id
    SLUICE_LOCATION      = var.location
    SLUICE_STAGE         = var.stage
    SLUICE_DECISIONS     = var.publish_decisions ? "pubsub" : ""
  }
}

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "this" {
  for_each = local.apis

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false
}
