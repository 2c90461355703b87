resource "google_firestore_database" "state" {
  project                           = var.project_id
  name                              = local.prefix
  location_id                       = coalesce(var.firestore_location, var.location)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.this]
}

# Intake's own, where it counts events: what strangers reach can read no state.
resource "google_firestore_database" "limits" {
  count = var.intake_enabled ? 1 : 0

  project                 = var.project_id
  name                    = "${local.prefix}-limits"
  location_id             = coalesce(var.firestore_location, var.location)
  type                    = "FIRESTORE_NATIVE"
  concurrency_mode        = "OPTIMISTIC"
  delete_protection_state = "DELETE_PROTECTION_DISABLED"
  deletion_policy         = "DELETE"

  depends_on = [google_project_service.this]
}

# Leases and marks of what is done leave by themselves; the code compares their time as well.
resource "google_firestore_field" "expiry" {
  for_each = toset(["claims", "done"])

  project    = var.project_id
  database   = google_firestore_database.state.name
  collection = each.value
  field      = "expireAt"

  ttl_config {}
}

# Contents, which nobody searches by: an index over them would only cost.
resource "google_firestore_field" "content" {
  for_each = {
    subscriptions = { collection = "subscriptions", field = "state" }
    records       = { collection = "records", field = "record" }
    documents     = { collection = "documents", field = "value" }
    deadLetters   = { collection = "deadLetters", field = "work" }
    deadBodies    = { collection = "deadLetters", field = "body" }
  }

  project    = var.project_id
  database   = google_firestore_database.state.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}
}

locals {
  # Records are read in the log's order, in both directions, by any of these fields; combinations are merged.
  record_indexes = {
    for pair in setproduct(["", "subscription", "decision", "repository", "outcome", "receiver"], ["ASCENDING", "DESCENDING"]) :
    "${pair[0] == "" ? "all" : pair[0]}-${lower(pair[1])}" => { field = pair[0], order = pair[1] }
  }
}

resource "google_firestore_index" "records" {
  for_each = local.record_indexes

  project    = var.project_id
  database   = google_firestore_database.state.name
  collection = "records"

  dynamic "fields" {
    for_each = each.value.field == "" ? [] : [each.value.field]
    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }

  fields {
    field_path = "storedAt"
    order      = each.value.order
  }

  fields {
    field_path = "place"
    order      = each.value.order
  }
}
