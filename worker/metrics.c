/* The table that the worker's metrics are made from. */

#include "worker/metrics.h"

#define METRIC_ROW(number, kind, text, sentence, label_name)                                       \
    {.name = (text), .type = (kind), .help = (sentence), .label = (label_name)},

static const MetricKey keys[] = {WORKER_METRICS(METRIC_ROW)};

const MetricKey *worker_metric_keys(uint32_t *ret_count) {
    *ret_count = _METRIC_COUNT;
    return keys;
}
