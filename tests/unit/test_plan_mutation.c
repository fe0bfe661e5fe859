/* Definitions that are broken at random: there is a plan, or at least one problem, and no crash. */

#include <criterion/criterion.h>

#include "common/base/buf.h"
#include "common/base/rand.h"
#include "common/model/limits.h"
#include "common/plan/plan.h"
#include "tests/unit/plan_made.h"

static const char whole[] =
    "{'name':'n','triggers':[{'id':'w','type':'WEBHOOK','config':{'path':'p','signature':"
    "{'scheme':'hmac','secretVariable':'S','header':'h'}},'nextSteps':['a']},"
    "{'id':'s','type':'SCHEDULED','cronExpression':'0 3 * * *','config':{'timezone':'UTC'}},"
    "{'id':'e','type':'EVENT','config':{'eventType':'t','filter':'.x == 1'}}],"
    "'steps':[{'id':'a','type':'ACTION','integrationId':'http','integrationActionId':'request',"
    "'inputMappings':{'url':'${ .vars.u }','k':'${ .secrets.K }'},'outputMappings':{'v':'${ .b }'},"
    "'retry':{'maxAttempts':3,'retryOn':['NETWORK'],'factor':1.5},'timeoutMs':5,"
    "'nextSteps':['c'],'onErrorSteps':[{'stepId':'x','match':{'types':['TIMEOUT','USER:q'],"
    "'status':404,'expr':'.attempt > 1'}},'y']},"
    "{'id':'c','type':'CONDITION','condition':'.steps.a.output.v','nextSteps':['s'],"
    "'elseSteps':['d']},{'id':'s','type':'SWITCH','config':{'cases':[{'when':'.input.k == 1',"
    "'nextSteps':['d']}],'defaultSteps':['z'],'mode':'ALL','noMatch':'FAIL'}},"
    "{'id':'d','type':'DELAY','config':{'until':'${ .input.at }'},'join':'ANY','nextSteps':['z']},"
    "{'id':'x','type':'TRANSFORM','inputMappings':{'m':'${ .error.message }'}},"
    "{'id':'y','type':'TERMINATE','config':{'status':'FAILED','error':{'message':'${ .error }'}}},"
    "{'id':'z','type':'TRANSFORM','join':{'policy':'N_OF_M','n':1},'condition':'true'}],"
    "'output':'${ .steps.z }','settings':{'timeoutMs':9,'failFast':true,'fuse':true},'metadata':1}";

static bool in_order(const PlanProblems *problems) {
    bool is_good = problems->count >= 1 && problems->count <= PROBLEMS_MAX;

    for (uint32_t i = 0; i < problems->count; i++)
        is_good = is_good && problems->items[i].message.length > 0 &&
                  str_is_utf8(problems->items[i].message) &&
                  problems->items[i].code < _PLAN_PROBLEM_COUNT;
    return is_good;
}

/* Whether it became a plan. */
static bool compile(Str text) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    PlanProblems problems;
    int r = plan_compile(text, NULL, &arena, &problems, &plan);

    cr_assert_eq(r == 0, plan != NULL);
    cr_assert(r == 0 || (r == PLAN_E_INVALID && in_order(&problems)), "%.*s", STR_ARGS(text));
    return r == 0;
}

/* Values ------------------------------------------------------------------------------------ */

static uint32_t count_values(const Json *value) {
    uint32_t count = 1;

    for (uint32_t i = 0; json_is(value, JSON_ARRAY) && i < value->count; i++)
        count += count_values(&value->items[i]);
    for (uint32_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++)
        count += count_values(&value->members[i].value);
    return count;
}

static Json odd_value(Rand *dice) {
    static const char *const words[] = {
        "a",     "c",    "zz",           "",    "${ ",     "${ .steps.z }", "ACTION",
        "DELAY", "LOOP", ". as $x | $x", "ALL", "\xc3\xa4"};

    switch (rand_below(dice, 8)) {
    case 0:
        return json_null();
    case 1:
        return json_bool(true);
    case 2:
        return json_number((double)rand_below(dice, 5) - 1.5);
    case 3:
        return json_number(1e18);
    case 4:
        return json_array(NULL, 0);
    case 5:
        return json_object(NULL, 0);
    default:
        return json_string(str_of(words[rand_below(dice, ARRAY_SIZE(words))]));
    }
}

/* The tree with the value of this number replaced; *left counts down to it. */
static Json replaced(Arena *arena, const Json *value, uint32_t *left, Rand *dice) {
    if ((*left)-- == 0)
        return odd_value(dice);
    if (json_is(value, JSON_ARRAY)) {
        JsonArray array = {.arena = arena};

        for (uint32_t i = 0; i < value->count; i++)
            json_push(&array, replaced(arena, &value->items[i], left, dice));
        return json_array_done(&array);
    }
    if (json_is(value, JSON_OBJECT)) {
        JsonObject object = {.arena = arena};

        for (uint32_t i = 0; i < value->count; i++)
            json_add(&object, value->members[i].key,
                     replaced(arena, &value->members[i].value, left, dice));
        return json_object_done(&object);
    }
    return *value;
}

Test(plan_mutation, any_value_may_be_replaced_by_any_other) {
    _cleanup_(alloc_free_p) char *text = plan_text(whole);
    _cleanup_(arena_done) Arena arena = {0};
    uint32_t accepted = 0, count;
    Json tree;
    Rand dice;

    rand_seed(&dice, 20);
    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &tree, NULL), 0);
    cr_assert(compile(str_of(text)), "the definition itself is good");
    count = count_values(&tree);
    for (int round = 0; round < 3000; round++) {
        _cleanup_(arena_done) Arena turn = {0};
        Json changed = tree;

        for (uint64_t changes = rand_below(&dice, 3); changes < 3; changes++) {
            uint32_t left = (uint32_t)rand_below(&dice, count);

            changed = replaced(&turn, &changed, &left, &dice);
        }
        accepted += compile(json_text(&turn, &changed));
    }
    cr_expect_gt(accepted, 0, "some changes do no harm");
    cr_expect_lt(accepted, 2500, "most of them do");
}

/* Bytes ------------------------------------------------------------------------------------- */

static void damage(char *text, size_t length, Rand *dice) {
    static const char letters[] = "{}[]\":,.0aS\\$ \n";

    for (uint64_t changes = rand_below(dice, 4); changes < 4; changes++)
        text[rand_below(dice, length)] = letters[rand_below(dice, sizeof letters - 1)];
}

Test(plan_mutation, any_byte_may_be_replaced_by_any_other) {
    _cleanup_(alloc_free_p) char *text = plan_text(whole);
    size_t length = strlen(text);
    Rand dice;

    rand_seed(&dice, 21);
    for (int round = 0; round < 5000; round++) {
        _cleanup_(alloc_free_p) char *damaged = alloc_copy(text, length);

        damage(damaged, length, &dice);
        compile(str_from(damaged, length));
    }
}

Test(plan_mutation, any_beginning_of_the_text_is_refused) {
    _cleanup_(alloc_free_p) char *text = plan_text(whole);

    for (size_t length = 0; length < strlen(text); length++) {
        _cleanup_(alloc_free_p) char *part = alloc_copy(text, length);

        cr_assert_not(compile(str_from(part, length)));
    }
}

/* Graphs ------------------------------------------------------------------------------------ */

/* Steps whose edges lead anywhere: cycles are found, and what is accepted has an order. */
static void write_graph(Buf *text, Rand *dice, uint32_t count) {
    buf_add_text(text, "{\"steps\":[");
    for (uint32_t i = 0; i < count; i++) {
        uint64_t edges = rand_below(dice, 3);

        buf_printf(text, "%s{\"id\":\"s%u\",\"type\":\"TRANSFORM\",\"nextSteps\":[", i ? "," : "",
                   i);
        for (uint64_t e = 0; e < edges; e++)
            buf_printf(text, "%s\"s%u\"", e ? "," : "",
                       (uint32_t)rand_below(dice, 8) ? i + 1 + (uint32_t)rand_below(dice, count - i)
                                                     : (uint32_t)rand_below(dice, count));
        buf_add_text(text, "]}");
    }
    buf_printf(text, ",{\"id\":\"s%u\",\"type\":\"TRANSFORM\"}]}", count);
}

/* Kahn: takes away what nothing leads to; a cycle would stay. */
static bool has_cycle(const Plan *plan) {
    uint32_t *open = alloc_array(plan->node_count, sizeof *open);
    uint32_t *ready = alloc_array(plan->node_count, sizeof *ready);
    uint32_t done = 0, count = 0;

    for (uint32_t i = 0; i < plan->node_count; i++) {
        open[i] = plan->nodes[i].in_count;
        if (open[i] == 0)
            ready[count++] = i;
    }
    while (done < count) {
        const PlanNode *node = &plan->nodes[ready[done++]];

        for (uint32_t e = node->out_first; e < node->out_first + node->out_count; e++) {
            if (--open[plan->edges[e].to] == 0)
                ready[count++] = plan->edges[e].to;
        }
    }
    alloc_free(open);
    alloc_free(ready);
    return count < plan->node_count;
}

Test(plan_mutation, an_accepted_graph_has_no_cycle_and_a_refused_one_has) {
    uint32_t accepted = 0, refused = 0;
    Rand dice;

    rand_seed(&dice, 22);
    for (int round = 0; round < 2000; round++) {
        _cleanup_(arena_done) Arena arena = {0};
        _cleanup_(plan_free_p) Plan *plan = NULL;
        _cleanup_(buf_done) Buf text = {0};
        PlanProblems problems;
        bool is_cyclic = false, is_doubled = false;

        write_graph(&text, &dice, 2 + (uint32_t)rand_below(&dice, 12));
        plan_compile(buf_str(&text), NULL, &arena, &problems, &plan);
        for (uint32_t i = 0; i < problems.count; i++) {
            is_cyclic |= problems.items[i].code == PROBLEM_ILLEGAL_CYCLE;
            is_doubled |= problems.items[i].code == PROBLEM_DUPLICATE_EDGE;
        }
        cr_assert(plan != NULL || is_cyclic || is_doubled);
        cr_assert(plan == NULL || !has_cycle(plan));
        accepted += plan != NULL;
        refused += is_cyclic;
    }
    cr_expect_gt(accepted, 100);
    cr_expect_gt(refused, 100);
}
