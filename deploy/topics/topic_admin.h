#pragma once

/*
 * A Kafka cluster, as far as topics are concerned: ask what is there, create, set.
 *
 * Each function waits for the cluster's answer, at most TOPIC_ADMIN_MS. Where something is refused
 * or goes wrong, the reason is printed to standard error, with the topic it belongs to.
 */

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "deploy/topics/topic_list.h"

/* A cluster that elects a new controller answers within a few seconds. */
#define TOPIC_ADMIN_MS 15000

enum {
    TOPIC_ADMIN_E_SILENT = 1, /* no broker answered */
    TOPIC_ADMIN_E_REFUSED,    /* the cluster said no */
    TOPIC_ADMIN_E_PARTITIONS, /* the topic is there with another number of partitions */
};

/* What the cluster knows about one topic. */
typedef struct TopicFound {
    bool is_there;
    bool is_led; /* every partition has a leader */
    int32_t partitions;
} TopicFound;

/* Waits until a broker answers, at most wait_ms; ret_brokers is how many there are. */
int topic_admin_wait(rd_kafka_t *client, int wait_ms, int *ret_brokers);

/* Lets the client work for a moment, before one looks again. */
void topic_admin_pause(rd_kafka_t *client);

/* One answer per topic of the list, in its order. */
int topic_admin_look(rd_kafka_t *client, const TopicList *list, TopicFound *ret_found);

/* Created in the meantime by somebody else counts as created. */
int topic_admin_create(rd_kafka_t *client, const Topic *topic);

/* Sets what differs and keeps what others have set; ret_changed is the number of settings. */
int topic_admin_set(rd_kafka_t *client, const Topic *topic, int *ret_changed);
