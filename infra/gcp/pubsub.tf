resource "google_pubsub_topic" "this" {
  for_each = local.topics

  project                    = var.project_id
  name                       = each.value
  kms_key_name               = var.kms_key_name
  labels                     = local.labels
  message_retention_duration = "604800s"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "gcr" {
  count = var.create_gcr_topic ? 1 : 0

  project      = var.project_id
  name         = "gcr"
  kms_key_name = var.kms_key_name
  labels       = local.labels

  depends_on = [google_project_service.this]
}

locals {
  # What is pushed to which function. Our own subscriptions are called as their topics: sweep knows them by it.
  pushes = merge(
    {
      evaluate = { topic = google_pubsub_topic.this["evaluate"].id, name = local.topics.evaluate, function = "evaluate" }
      deliver  = { topic = google_pubsub_topic.this["deliver"].id, name = local.topics.deliver, function = "deliver" }
    },
    {
      for project in var.registry_project_ids : "gcr-${project}" => {
        topic    = "projects/${project}/topics/gcr"
        name     = "${local.prefix}-gcr-${project}"
        function = "evaluate"
      }
    },
  )
}

resource "google_pubsub_subscription" "push" {
  for_each = local.pushes

  project                    = var.project_id
  name                       = each.value.name
  topic                      = each.value.topic
  labels                     = local.labels
  ack_deadline_seconds       = local.timeouts[each.value.function] + 60
  message_retention_duration = "604800s"

  # Never removed for want of messages.
  expiration_policy {
    ttl = ""
  }

  push_config {
    # The framework reads the topic from the path.
    push_endpoint = "${google_cloudfunctions2_function.this[each.value.function].service_config[0].uri}/${each.value.topic}"

    oidc_token {
      service_account_email = google_service_account.helper["push"].email
      audience              = google_cloudfunctions2_function.this[each.value.function].service_config[0].uri
    }
  }

  # Only for what a function could not settle itself: its own retries go by Cloud Tasks.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["dead"].id
    max_delivery_attempts = 20
  }

  depends_on = [google_pubsub_topic.gcr]
}

# What Pub/Sub gives up on; sweep takes it in every minute. Without it a dead letter would be lost.
resource "google_pubsub_subscription" "dead" {
  project                    = var.project_id
  name                       = local.topics.dead
  topic                      = google_pubsub_topic.this["dead"].id
  labels                     = local.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves dead letters, and signs the tokens of its calls.
locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic_iam_member" "agent_publishes_dead" {
  project = var.project_id
  topic   = google_pubsub_topic.this["dead"].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent_acknowledges" {
  for_each = google_pubsub_subscription.push

  project      = var.project_id
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_service_account_iam_member" "agent_signs_as_push" {
  service_account_id = google_service_account.helper["push"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# Delays, to the second: each task publishes one message at its time.
resource "google_cloud_tasks_queue" "delays" {
  project  = var.project_id
  location = var.location
  name     = "${local.prefix}-delays"

  rate_limits {
    max_dispatches_per_second = 500
    max_concurrent_dispatches = 1000
  }

  # A retried push is nowhere else: it is tried for as long as Pub/Sub would have kept it.
  retry_config {
    max_attempts       = -1
    max_retry_duration = "604800s"
    min_backoff        = "1s"
    max_backoff        = "300s"
    max_doublings      = 8
  }

  depends_on = [google_project_service.this]
}
