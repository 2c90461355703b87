locals {
  # Lines of the log that a person must look at (docs/codes.md).
  log_alerts = {
    "work-parked"     = "A message became a dead letter"
    "delivery-parked" = "A receiver refuses its deliveries"
    "catalog-kept"    = "The policy cannot be read or may not be used; the last good one stays"
  }
}

resource "google_logging_metric" "lines" {
  for_each = local.log_alerts

  project     = var.project_id
  name        = "${local.prefix}/${each.key}"
  description = each.value
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${local.prefix}-\" AND jsonPayload.event=\"${each.key}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

locals {
  # Each sums or looks at one metric; nothing of it may stand above the threshold for that long.
  alerts = merge(
    {
      for event, title in local.log_alerts : event => {
        title     = title
        filter    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines[event].name}\" AND resource.type=\"cloud_run_revision\""
        threshold = 0
        duration  = "0s"
        period    = "300s"
        aligner   = "ALIGN_SUM"
        reducer   = null
        group_by  = null
      }
    },
    {
      dead-messages = {
        title     = "Pub/Sub's dead letters are not taken in"
        filter    = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${local.topics.dead}\""
        threshold = 0
        duration  = "600s"
        period    = "60s"
        aligner   = "ALIGN_MAX"
        reducer   = null
        group_by  = null
      }
      backlog = {
        title     = "work waits for longer than ten minutes"
        filter    = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=monitoring.regex.full_match(\"${local.prefix}-(evaluate|deliver|gcr-.*)\")"
        threshold = 600
        duration  = "300s"
        period    = "60s"
        aligner   = "ALIGN_MAX"
        reducer   = null
        group_by  = null
      }
      failures = {
        title     = "a function fails"
        filter    = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${local.prefix}-.*\") AND metric.labels.response_code_class=\"5xx\""
        threshold = 5
        duration  = "300s"
        period    = "300s"
        aligner   = "ALIGN_SUM"
        reducer   = "REDUCE_SUM"
        group_by  = ["resource.label.service_name"]
      }
    },
  )
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "Sluice ${var.stage}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period     = each.value.period
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group_by
      }
    }
  }
}
