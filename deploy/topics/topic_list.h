#pragma once

/*
 * The topics that must exist, as deploy/topics.yaml tells them.
 *
 * Reading refuses what it does not understand: an unknown key, a topic without a name, a number
 * that is none. The complaint names the file and the line.
 */

#include <stddef.h>
#include <stdint.h>

/* The product has four topics and one more per worker class. */
#define TOPIC_COUNT_MAX 64

/* Kafka's own limit for a topic name. */
#define TOPIC_NAME_BYTES_MAX 249

/* Topic settings that Kafka knows: about thirty, and none of them or their values is longer. */
#define TOPIC_SETTING_COUNT_MAX 32
#define TOPIC_SETTING_BYTES_MAX 127

/* One broker of a small cluster carries a few thousand partitions in all. */
#define TOPIC_PARTITIONS_MAX 1024

/* More copies than this is a typing mistake. */
#define TOPIC_REPLICATION_MAX 16

enum {
    TOPIC_LIST_E_MISSING = 1, /* the file cannot be opened */
    TOPIC_LIST_E_YAML,        /* not YAML */
    TOPIC_LIST_E_CONTENT,     /* YAML, but not a list of topics */
};

typedef struct TopicSetting {
    char key[TOPIC_SETTING_BYTES_MAX + 1];
    char value[TOPIC_SETTING_BYTES_MAX + 1];
} TopicSetting;

typedef struct Topic {
    char name[TOPIC_NAME_BYTES_MAX + 1];
    int32_t partitions;
    int32_t replication_factor;
    size_t setting_count;
    TopicSetting settings[TOPIC_SETTING_COUNT_MAX];
} Topic;

typedef struct TopicList {
    size_t count;
    Topic topics[TOPIC_COUNT_MAX];
} TopicList;

typedef struct TopicComplaint {
    char text[512]; /* "deploy/topics.yaml:12: …" */
} TopicComplaint;

/* 0 fills ret_list, a refusal fills ret_complaint; the other one stays untouched. */
int topic_list_read(const char *path, TopicList *ret_list, TopicComplaint *ret_complaint);

/* The value of a setting, or NULL when the topic does not name it. */
const char *topic_setting(const Topic *topic, const char *key);
