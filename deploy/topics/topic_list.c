/* YAML → topics. The document is walked, not mapped: each complaint knows its line. */

#include "deploy/topics/topic_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/base/str.h"

typedef struct Reader {
    const char *path;
    yaml_document_t *document;
    TopicList *list;
    TopicComplaint complaint;
} Reader;

_printf_(3, 4) static int refuse(Reader *reader, const yaml_node_t *node, const char *format, ...) {
    char *text = reader->complaint.text;
    size_t room = sizeof reader->complaint.text;
    va_list args;
    int length;

    length = snprintf(text, room, "%s:%zu: ", reader->path,
                      node ? node->start_mark.line + 1 : (size_t)1);
    if (length < 0 || (size_t)length >= room)
        return TOPIC_LIST_E_CONTENT;
    va_start(args, format);
    vsnprintf(text + length, room - (size_t)length, format, args);
    va_end(args);
    return TOPIC_LIST_E_CONTENT;
}

static int read_text(Reader *reader, const yaml_node_t *node, size_t bytes_max, char *ret_text) {
    if (node->type != YAML_SCALAR_NODE)
        return refuse(reader, node, "one value is expected here");
    if (node->data.scalar.length == 0 || node->data.scalar.length > bytes_max)
        return refuse(reader, node, "a text of 1 to %zu bytes is expected here", bytes_max);
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length))
        return refuse(reader, node, "a NUL byte has no place here");
    memcpy(ret_text, node->data.scalar.value, node->data.scalar.length);
    ret_text[node->data.scalar.length] = 0;
    return 0;
}

static int read_number(Reader *reader, const yaml_node_t *node, int64_t max, int32_t *ret_number) {
    char text[16];
    int64_t number;
    int r;

    r = read_text(reader, node, sizeof text - 1, text);
    if (r)
        return r;
    if (!str_to_int64(str_of(text), 1, max, &number))
        return refuse(reader, node, "\"%s\" is not a number from 1 to %lld", text, (long long)max);
    *ret_number = (int32_t)number;
    return 0;
}

static int read_settings(Reader *reader, const yaml_node_t *node, Topic *topic) {
    yaml_node_pair_t *pair;

    if (node->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "config must be a mapping of settings");

    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);
        TopicSetting *setting = &topic->settings[topic->setting_count];
        int r;

        if (topic->setting_count == TOPIC_SETTING_COUNT_MAX)
            return refuse(reader, key, "more than %d settings", TOPIC_SETTING_COUNT_MAX);
        r = read_text(reader, key, TOPIC_SETTING_BYTES_MAX, setting->key);
        if (r == 0)
            r = read_text(reader, value, TOPIC_SETTING_BYTES_MAX, setting->value);
        if (r)
            return r;
        topic->setting_count++;
    }
    return 0;
}

static int read_member(Reader *reader, const yaml_node_pair_t *pair, Topic *topic) {
    yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);
    char name[TOPIC_SETTING_BYTES_MAX + 1];
    int r;

    r = read_text(reader, key, TOPIC_SETTING_BYTES_MAX, name);
    if (r)
        return r;
    if (strcmp(name, "name") == 0)
        return read_text(reader, value, TOPIC_NAME_BYTES_MAX, topic->name);
    if (strcmp(name, "partitions") == 0)
        return read_number(reader, value, TOPIC_PARTITIONS_MAX, &topic->partitions);
    if (strcmp(name, "replicationFactor") == 0)
        return read_number(reader, value, TOPIC_REPLICATION_MAX, &topic->replication_factor);
    if (strcmp(name, "config") == 0)
        return read_settings(reader, value, topic);
    return refuse(reader, key,
                  "\"%s\" is unknown; a topic has name, partitions, replicationFactor, config",
                  name);
}

static int check_topic(Reader *reader, const yaml_node_t *node, const Topic *topic) {
    if (!topic->name[0])
        return refuse(reader, node, "a topic needs a name");
    if (!topic->partitions)
        return refuse(reader, node, "topic %s needs partitions", topic->name);
    if (!topic->replication_factor)
        return refuse(reader, node, "topic %s needs a replicationFactor", topic->name);

    for (size_t i = 0; i < reader->list->count; i++)
        if (strcmp(reader->list->topics[i].name, topic->name) == 0)
            return refuse(reader, node, "topic %s is told twice", topic->name);
    return 0;
}

static int read_topic(Reader *reader, const yaml_node_t *node) {
    Topic *topic = &reader->list->topics[reader->list->count];
    yaml_node_pair_t *pair;
    int r;

    if (reader->list->count == TOPIC_COUNT_MAX)
        return refuse(reader, node, "more than %d topics", TOPIC_COUNT_MAX);
    if (node->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "a topic must be a mapping");

    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        r = read_member(reader, pair, topic);
        if (r)
            return r;
    }
    r = check_topic(reader, node, topic);
    if (r)
        return r;
    reader->list->count++;
    return 0;
}

static yaml_node_t *topics_node(Reader *reader) {
    yaml_node_t *root = yaml_document_get_root_node(reader->document);
    yaml_node_pair_t *pair;
    yaml_node_t *key;

    if (!root || root->type != YAML_MAPPING_NODE)
        return NULL;
    pair = root->data.mapping.pairs.start;
    if (pair + 1 != root->data.mapping.pairs.top)
        return NULL;
    key = yaml_document_get_node(reader->document, pair->key);
    if (key->type != YAML_SCALAR_NODE || strcmp((char *)key->data.scalar.value, "topics") != 0)
        return NULL;
    return yaml_document_get_node(reader->document, pair->value);
}

static int read_document(Reader *reader) {
    yaml_node_t *node = topics_node(reader);

    if (!node || node->type != YAML_SEQUENCE_NODE)
        return refuse(reader, node, "the file must have one key, topics, with a list");

    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        int r = read_topic(reader, yaml_document_get_node(reader->document, *item));

        if (r)
            return r;
    }
    if (reader->list->count == 0)
        return refuse(reader, node, "the list of topics is empty");
    return 0;
}

static int read_file(Reader *reader, FILE *file) {
    yaml_document_t document;
    yaml_parser_t parser;
    int r = TOPIC_LIST_E_YAML;

    CHECK(yaml_parser_initialize(&parser)); /* fails only when memory runs out */
    yaml_parser_set_input_file(&parser, file);
    if (yaml_parser_load(&parser, &document)) {
        reader->document = &document;
        r = read_document(reader);
        yaml_document_delete(&document);
    } else {
        snprintf(reader->complaint.text, sizeof reader->complaint.text, "%s:%zu: %s", reader->path,
                 parser.problem_mark.line + 1, parser.problem ? parser.problem : "not YAML");
    }
    yaml_parser_delete(&parser);
    return r;
}

int topic_list_read(const char *path, TopicList *ret_list, TopicComplaint *ret_complaint) {
    _cleanup_(alloc_free_p) TopicList *list = alloc_zero(sizeof *list);
    Reader reader = {.path = path, .list = list};
    FILE *file = fopen(path, "re");
    int r;

    if (file) {
        r = read_file(&reader, file);
        fclose(file);
    } else {
        snprintf(reader.complaint.text, sizeof reader.complaint.text, "%s: %m", path);
        r = TOPIC_LIST_E_MISSING;
    }

    if (r)
        *ret_complaint = reader.complaint;
    else
        *ret_list = *list;
    return r;
}

const char *topic_setting(const Topic *topic, const char *key) {
    for (size_t i = 0; i < topic->setting_count; i++)
        if (strcmp(topic->settings[i].key, key) == 0)
            return topic->settings[i].value;
    return NULL;
}
