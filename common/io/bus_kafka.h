#pragma once

/*
 * What producer and consumer share: settings, refusals, the way out. Only for common/io and the
 * tests of it: everybody else uses bus.h.
 */

#include <librdkafka/rdkafka.h>

#include "common/io/bus.h"

typedef struct BusProperty {
    const char *name, *value;
} BusProperty;

/*
 * A configuration of the common properties, the given ones, and last the caller's own (settings
 * ->properties). -EINVAL: one is unknown or wrong; the log says which.
 */
int bus_conf_make(const BusSettings *settings, const BusProperty *properties, size_t count,
                  rd_kafka_conf_t **ret_conf);
int bus_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);

int bus_refusal_of(rd_kafka_resp_err_t error);

/* A descriptor that librdkafka writes to when the queue has work. */
int bus_wake_open(int *ret_fd);
void bus_wake_clear(int fd);
int bus_wake_close(int fd); /* returns -1 */

/* Closing may hang inside librdkafka: it is given some seconds, then left behind (false). */
bool bus_kafka_close(rd_kafka_t *kafka, bool is_consumer);

rd_kafka_t *bus_producer_kafka(BusProducer *producer);
