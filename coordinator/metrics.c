/* The table that the coordinator's metrics are made from. */

#include "coordinator/metrics.h"

#define METRIC_ROW(number, kind, text, sentence, label_name)                                       \
    {.name = (text), .type = (kind), .help = (sentence), .label = (label_name)},

static const MetricKey keys[] = {COORDINATOR_METRICS(METRIC_ROW)};

const MetricKey *coordinator_metric_keys(uint32_t *ret_count) {
    *ret_count = _METRIC_COUNT;
    return keys;
}
