/*
 * librdkafka's admin requests, one at a time. Runs on: lane.
 *
 * librdkafka 2.0 can only replace all settings of a topic at once. So a change carries, beside
 * ours, every setting that somebody else has made on the topic; nothing of theirs is lost.
 */

#include "deploy/topics/topic_admin.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_MS 100

static int complain(const char *topic, const char *what, const char *why) {
    fprintf(stderr, "topic %s: %s: %s\n", topic, what, why ? why : "no reason given");
    return TOPIC_ADMIN_E_REFUSED;
}

void topic_admin_pause(rd_kafka_t *client) {
    rd_kafka_poll(client, PAUSE_MS);
}

int topic_admin_wait(rd_kafka_t *client, int wait_ms, int *ret_brokers) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, NULL, &metadata, wait_ms);

    if (error) {
        fprintf(stderr, "no broker answered within %d ms: %s\n", wait_ms, rd_kafka_err2str(error));
        return TOPIC_ADMIN_E_SILENT;
    }
    *ret_brokers = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static TopicFound look_at(const struct rd_kafka_metadata_topic *topic) {
    TopicFound found = {.is_there = topic->err == RD_KAFKA_RESP_ERR_NO_ERROR, .is_led = true};

    found.partitions = topic->partition_cnt;
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].leader < 0)
            found.is_led = false;
    return found;
}

int topic_admin_look(rd_kafka_t *client, const TopicList *list, TopicFound *ret_found) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error;

    error = rd_kafka_metadata(client, 1, NULL, &metadata, TOPIC_ADMIN_MS);
    if (error) {
        fprintf(stderr, "the cluster does not tell its topics: %s\n", rd_kafka_err2str(error));
        return TOPIC_ADMIN_E_SILENT;
    }

    for (size_t i = 0; i < list->count; i++) {
        ret_found[i] = (TopicFound){0};
        for (int k = 0; k < metadata->topic_cnt; k++)
            if (strcmp(metadata->topics[k].topic, list->topics[i].name) == 0)
                ret_found[i] = look_at(&metadata->topics[k]);
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* The answer that belongs to the only request in flight; NULL when the cluster stayed silent. */
static rd_kafka_event_t *wait_answer(rd_kafka_queue_t *queue) {
    return rd_kafka_queue_poll(queue, TOPIC_ADMIN_MS + 1000);
}

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *client) {
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ANY);
    char problem[256];

    rd_kafka_AdminOptions_set_request_timeout(options, TOPIC_ADMIN_MS, problem, sizeof problem);
    return options;
}

static rd_kafka_NewTopic_t *new_topic(const Topic *topic) {
    char problem[256];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(
        topic->name, topic->partitions, topic->replication_factor, problem, sizeof problem);

    if (!wanted) {
        complain(topic->name, "not created", problem);
        return NULL;
    }
    for (size_t i = 0; i < topic->setting_count; i++)
        rd_kafka_NewTopic_set_config(wanted, topic->settings[i].key, topic->settings[i].value);
    return wanted;
}

static int created(const Topic *topic, rd_kafka_event_t *answer) {
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(answer);
    const rd_kafka_topic_result_t **topics;
    rd_kafka_resp_err_t error;
    size_t count;

    if (!result || rd_kafka_event_error(answer))
        return complain(topic->name, "not created", rd_kafka_event_error_string(answer));
    topics = rd_kafka_CreateTopics_result_topics(result, &count);
    if (count != 1)
        return complain(topic->name, "not created", "the answer names no topic");
    error = rd_kafka_topic_result_error(topics[0]);
    if (error && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return complain(topic->name, "not created", rd_kafka_topic_result_error_string(topics[0]));
    return 0;
}

int topic_admin_create(rd_kafka_t *client, const Topic *topic) {
    rd_kafka_NewTopic_t *wanted = new_topic(topic);
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *answer;
    int r;

    if (!wanted)
        return TOPIC_ADMIN_E_REFUSED;

    queue = rd_kafka_queue_new(client);
    options = admin_options(client);
    rd_kafka_CreateTopics(client, &wanted, 1, options, queue);
    answer = wait_answer(queue);
    if (answer)
        r = created(topic, answer);
    else
        r = complain(topic->name, "not created", "no answer");

    if (answer)
        rd_kafka_event_destroy(answer);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(wanted);
    return r;
}

/* Our settings and those that somebody has made on this topic; the result is the caller's. */
static rd_kafka_ConfigResource_t *merge(const Topic *topic, const rd_kafka_ConfigEntry_t **entries,
                                        size_t entry_count, int *ret_changed) {
    rd_kafka_ConfigResource_t *merged =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic->name);
    int same = 0;

    for (size_t i = 0; i < entry_count; i++) {
        const char *key = rd_kafka_ConfigEntry_name(entries[i]);
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        const char *wanted = topic_setting(topic, key);

        if (wanted)
            same += value && strcmp(wanted, value) == 0;
        else if (value && rd_kafka_ConfigEntry_source(entries[i]) ==
                              RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
            rd_kafka_ConfigResource_set_config(merged, key, value);
    }
    for (size_t i = 0; i < topic->setting_count; i++)
        rd_kafka_ConfigResource_set_config(merged, topic->settings[i].key,
                                           topic->settings[i].value);
    *ret_changed = (int)topic->setting_count - same;
    return merged;
}

/* The one resource that an answer speaks about; NULL, with a complaint, when it is an error. */
static const rd_kafka_ConfigResource_t *answered(const Topic *topic, const char *what,
                                                 rd_kafka_event_t *answer,
                                                 const rd_kafka_ConfigResource_t **resources,
                                                 size_t count) {
    if (rd_kafka_event_error(answer)) {
        complain(topic->name, what, rd_kafka_event_error_string(answer));
        return NULL;
    }
    if (count != 1) {
        complain(topic->name, what, "the answer names no topic");
        return NULL;
    }
    if (rd_kafka_ConfigResource_error(resources[0])) {
        complain(topic->name, what, rd_kafka_ConfigResource_error_string(resources[0]));
        return NULL;
    }
    return resources[0];
}

/* What must be written, or NULL. */
static rd_kafka_ConfigResource_t *differences(const Topic *topic, rd_kafka_event_t *answer,
                                              int *ret_changed) {
    const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(answer);
    const rd_kafka_ConfigResource_t **resources = NULL, *resource;
    const rd_kafka_ConfigEntry_t **entries;
    size_t count = 0;

    if (result)
        resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    resource = answered(topic, "settings not read", answer, resources, count);
    if (!resource)
        return NULL;
    entries = rd_kafka_ConfigResource_configs(resource, &count);
    return merge(topic, entries, count, ret_changed);
}

static rd_kafka_ConfigResource_t *read_differences(rd_kafka_t *client, const Topic *topic,
                                                   rd_kafka_queue_t *queue, int *ret_changed) {
    rd_kafka_ConfigResource_t *asked =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic->name);
    rd_kafka_AdminOptions_t *options = admin_options(client);
    rd_kafka_ConfigResource_t *merged = NULL;
    rd_kafka_event_t *answer;

    rd_kafka_DescribeConfigs(client, &asked, 1, options, queue);
    answer = wait_answer(queue);
    if (answer) {
        merged = differences(topic, answer, ret_changed);
        rd_kafka_event_destroy(answer);
    } else {
        complain(topic->name, "settings not read", "no answer");
    }
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(asked);
    return merged;
}

static int write_settings(rd_kafka_t *client, const Topic *topic, rd_kafka_queue_t *queue,
                          rd_kafka_ConfigResource_t *merged) {
    rd_kafka_AdminOptions_t *options = admin_options(client);
    const rd_kafka_ConfigResource_t **resources = NULL;
    rd_kafka_event_t *answer;
    size_t count = 0;
    int r = 0;

    rd_kafka_AlterConfigs(client, &merged, 1, options, queue);
    answer = wait_answer(queue);
    if (answer) {
        const rd_kafka_AlterConfigs_result_t *result = rd_kafka_event_AlterConfigs_result(answer);

        if (result)
            resources = rd_kafka_AlterConfigs_result_resources(result, &count);
        if (!answered(topic, "not set", answer, resources, count))
            r = TOPIC_ADMIN_E_REFUSED;
        rd_kafka_event_destroy(answer);
    } else {
        r = complain(topic->name, "not set", "no answer");
    }
    rd_kafka_AdminOptions_destroy(options);
    return r;
}

int topic_admin_set(rd_kafka_t *client, const Topic *topic, int *ret_changed) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_ConfigResource_t *merged;
    int changed = 0, r = 0;

    merged = read_differences(client, topic, queue, &changed);
    if (!merged)
        r = TOPIC_ADMIN_E_REFUSED;
    else if (changed)
        r = write_settings(client, topic, queue, merged);

    if (merged)
        rd_kafka_ConfigResource_destroy(merged);
    rd_kafka_queue_destroy(queue);
    if (r == 0)
        *ret_changed = changed;
    return r;
}
