/* deploy/topics/topic_list.c: what the file of topics may say, and where a mistake is. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deploy/topics/topic_list.h"

static TopicList list;
static TopicComplaint complaint;

/* Reads a text as if it were the file; the complaint then begins with a path of 18 bytes. */
static int read_text(const char *text) {
    char path[] = "/tmp/topics-XXXXXX";
    int descriptor = mkstemp(path), r;

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
    r = topic_list_read(path, &list, &complaint);
    unlink(path);
    return r;
}

static void refused(const char *text, const char *place_and_reason) {
    memset(&list, 0x5a, sizeof list);
    TopicList before = list;

    cr_expect_eq(read_text(text), TOPIC_LIST_E_CONTENT, "%s", text);
    cr_expect(strstr(complaint.text, place_and_reason), "\"%s\" lacks \"%s\"", complaint.text,
              place_and_reason);
    cr_expect_arr_eq(&list, &before, sizeof list);
}

Test(topic_list, a_topic_has_name_partitions_copies_and_settings) {
    cr_assert_eq(read_text("topics:\n"
                           "  - name: orders\n"
                           "    partitions: 12\n"
                           "    replicationFactor: 3\n"
                           "    config:\n"
                           "      retention.ms: 1000\n"
                           "      cleanup.policy: compact\n"),
                 0);
    cr_assert_eq(list.count, 1);
    cr_expect_str_eq(list.topics[0].name, "orders");
    cr_expect_eq(list.topics[0].partitions, 12);
    cr_expect_eq(list.topics[0].replication_factor, 3);
    cr_expect_str_eq(topic_setting(&list.topics[0], "retention.ms"), "1000");
    cr_expect_str_eq(topic_setting(&list.topics[0], "cleanup.policy"), "compact");
    cr_expect_null(topic_setting(&list.topics[0], "segment.ms"));
}

Test(topic_list, settings_may_be_left_out) {
    cr_assert_eq(read_text("topics: [{name: a, partitions: 1, replicationFactor: 1}]\n"), 0);
    cr_expect_eq(list.topics[0].setting_count, 0);
}

Test(topic_list, an_unknown_key_is_refused_with_its_line) {
    refused("topics:\n  - name: a\n    partitons: 1\n", ":3: \"partitons\" is unknown");
    refused("topics: []\nextra: 1\n", "the file must have one key, topics");
}

Test(topic_list, a_number_that_is_none_is_refused_with_its_line) {
    refused("topics:\n  - partitions: 0\n", ":2: \"0\" is not a number from 1 to 1024");
    refused("topics:\n  - partitions: 12x\n", ":2: \"12x\"");
    refused("topics:\n  - partitions: -1\n", ":2: \"-1\"");
    refused("topics:\n  - partitions: 1025\n", ":2: \"1025\"");
    refused("topics:\n  - partitions: [1]\n", ":2: one value is expected");
}

Test(topic_list, what_a_topic_needs_is_asked_for) {
    refused("topics:\n  - partitions: 1\n", ":2: a topic needs a name");
    refused("topics:\n  - name: a\n", ":2: topic a needs partitions");
    refused("topics:\n  - {name: a, partitions: 1}\n", ":2: topic a needs a replicationFactor");
}

Test(topic_list, a_topic_told_twice_is_refused) {
    refused("topics:\n"
            "  - {name: a, partitions: 1, replicationFactor: 1}\n"
            "  - {name: a, partitions: 2, replicationFactor: 1}\n",
            ":3: topic a is told twice");
}

Test(topic_list, other_shapes_are_refused) {
    refused("", "the file must have one key");
    refused("- a\n", "the file must have one key");
    refused("topics: 7\n", "the file must have one key");
    refused("topics: []\n", "the list of topics is empty");
    refused("topics: [a]\n", "a topic must be a mapping");
    refused("topics: [{name: ''}]\n", "a text of 1 to 249 bytes");
    refused("topics: [{config: 1}]\n", "config must be a mapping");
    refused("topics: [{[a]: 1}]\n", "one value is expected");
}

Test(topic_list, more_topics_than_fit_are_refused) {
    char text[TOPIC_COUNT_MAX * 80] = "topics:\n";
    size_t length = strlen(text);

    for (int i = 0; i <= TOPIC_COUNT_MAX; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "  - {name: t%d, partitions: 1, replicationFactor: 1}\n", i);
    refused(text, ": more than 64 topics");
}

Test(topic_list, what_is_not_yaml_is_refused_with_its_line) {
    cr_expect_eq(read_text("topics:\n  - name: 'open\n"), TOPIC_LIST_E_YAML);
    cr_expect(strstr(complaint.text, ":3: "), "%s", complaint.text);
}

Test(topic_list, a_missing_file_is_named) {
    cr_expect_eq(topic_list_read("/nowhere/topics.yaml", &list, &complaint), TOPIC_LIST_E_MISSING);
    cr_expect_str_eq(complaint.text, "/nowhere/topics.yaml: No such file or directory");
}
