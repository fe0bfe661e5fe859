/* Which topics belong to whom. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/defs.h"
#include "trigger-gateway/topics.h"

Test(topics, each_topic_has_its_tenant) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf message = {0};
    Topics topics;

    cr_assert_eq(
        topics_read(STR(" orders = acme, pay.ments_2-x=beta ,"), &arena, &topics, &message), 0);
    cr_assert_eq(topics.count, 2);
    cr_expect_str_eq(topics.names[0], "orders");
    cr_expect(str_is(topics.tenants[0], "acme"));
    cr_expect_str_eq(topics.names[1], "pay.ments_2-x");
    cr_expect(str_is(topics.tenants[1], "beta"));
    cr_expect_eq(topics_find(&topics, STR("pay.ments_2-x")), 1);
    cr_expect_eq(topics_find(&topics, STR("order")), 2);
}

Test(topics, no_text_is_no_topics) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf message = {0};
    Topics topics;

    cr_assert_eq(topics_read(STR(""), &arena, &topics, &message), 0);
    cr_expect_eq(topics.count, 0);
}

Test(topics, what_cannot_be_meant_is_refused) {
    static const char *const wrong[][2] = {
        {"orders",               "write topic=tenant"},
        {"orders=",              "write topic=tenant"},
        {"=acme",                "letters, digits"   },
        {"a b=acme",             "letters, digits"   },
        {"orders=acme,orders=b", "belongs to one"    },
        {"headrace.tasks=acme",  "own topics"        },
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        _cleanup_(arena_done) Arena arena = {0};
        _cleanup_(buf_done) Buf message = {0};
        Topics topics = {.count = 77};

        cr_expect_eq(topics_read(str_of(wrong[i][0]), &arena, &topics, &message), TOPICS_E_INVALID);
        cr_expect(message.data != NULL && strstr(message.data, wrong[i][1]) != NULL, "%s: %s",
                  wrong[i][0], message.data);
        cr_expect_eq(topics.count, 77, "a refusal changes nothing");
    }
}

Test(topics, a_list_has_an_end) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf message = {0};
    _cleanup_(buf_done) Buf text = {0};
    Topics topics;

    for (int i = 0; i < TOPICS_MAX; i++)
        buf_printf(&text, "t%d=a,", i);
    cr_expect_eq(topics_read(buf_str(&text), &arena, &topics, &message), 0);
    buf_add_text(&text, "more=a");
    cr_expect_eq(topics_read(buf_str(&text), &arena, &topics, &message), TOPICS_E_INVALID);
}
