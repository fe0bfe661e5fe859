#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "common/io/redis_reply.h"

/* The answer that these bytes of the protocol are. */
static redisReply *read_reply(const char *bytes) {
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    redisReaderFeed(reader, bytes, strlen(bytes));
    cr_assert_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    cr_assert_not_null(reply);
    redisReaderFree(reader);
    return reply;
}

#define AS_REPLY(reply) ((const RedisReply *)(const void *)(reply))

Test(redis_reply, a_command_is_a_count_and_its_arguments_with_their_lengths) {
    Str args[] = {STR("SET"), STR(""), str_from("a\r\n\0", 4)};
    Buf buf = {0};

    redis_format_count(&buf, 3);
    redis_format(&buf, args, 3);
    cr_expect(str_equal(buf_str(&buf), STR("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\n\0\r\n")));
    buf_done(&buf);
}

Test(redis_reply, the_digest_of_a_script_is_its_sha1_and_made_once) {
    RedisScript script = {.source = "return 1"};

    redis_script_digest(&script);
    cr_expect_str_eq(script.sha1, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    script.source = "return 2";
    redis_script_digest(&script);
    cr_expect_str_eq(script.sha1, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

Test(redis_reply, answers_are_read_by_their_kind) {
    redisReply *reply = read_reply("*4\r\n:-7\r\n$2\r\nab\r\n$-1\r\n*1\r\n+OK\r\n");
    const RedisReply *array = AS_REPLY(reply);

    cr_expect_eq(redis_reply_count(array), 4);
    cr_expect_eq(redis_reply_int(redis_reply_at(array, 0)), -7);
    cr_expect(str_is(redis_reply_str(redis_reply_at(array, 1)), "ab"));
    cr_expect(redis_reply_is_null(redis_reply_at(array, 2)));
    cr_expect(str_is(redis_reply_str(redis_reply_at(redis_reply_at(array, 3), 0)), "OK"));
    freeReplyObject(reply);
}

Test(redis_reply, what_is_not_there_or_of_another_kind_is_nothing) {
    redisReply *reply = read_reply("$1\r\n5\r\n");
    const RedisReply *text = AS_REPLY(reply);

    cr_expect_eq(redis_reply_int(text), 0);
    cr_expect_eq(redis_reply_count(text), 0);
    cr_expect_null(redis_reply_at(text, 0));
    cr_expect_eq(redis_reply_str(NULL).length, 0);
    cr_expect_eq(redis_reply_int(NULL), 0);
    cr_expect(redis_reply_is_null(NULL));
    freeReplyObject(reply);
}
