/*
 * What programs read. Each ref of each program is checked against what can exist where the program
 * stands, and kept as what the step reads, so that its scope can be built as small as possible.
 */

#include "common/base/check.h"
#include "common/plan/build.h"

#define BITS 64u
#define ROOTS_KNOWN "trigger, input, steps, vars, execution, tenant, join, error, secrets"

typedef struct Looking {
    Build *build;
    const PlanProgram *program;
    PlanReads *reads;
    uint64_t *steps; /* bit set of the nodes read by the current step */
    Str pointer;     /* of the program in hand */
} Looking;

static void tell(Looking *look, PlanProblemCode code, Str message) {
    build_problem(look->build, code, look->pointer, message);
}

static bool is_before(const Build *build, uint32_t node, uint32_t earlier) {
    return (build->before[node * build->before_words + earlier / BITS] >> (earlier % BITS)) & 1;
}

static void look_at_step(Looking *look, Str id) {
    Build *build = look->build;
    uint32_t node = look->program->node;
    uint32_t found = plan_find_node(build->plan, id);
    const char *shown = text_shown(&build->scratch, id);

    if (found == PLAN_NONE) {
        tell(look, PROBLEM_UNKNOWN_STEP_REFERENCE,
             str_printf(&build->scratch, "`.steps.%s`: there is no step `%s`%s", shown, shown,
                        build_near_step(build, id)));
        return;
    }
    if (node == found)
        tell(look, PROBLEM_IMPOSSIBLE_STEP_REFERENCE,
             str_printf(&build->scratch, "`.steps.%s`: a step does not see its own result", shown));
    else if (node != PLAN_NONE && !is_before(build, node, found))
        tell(look, PROBLEM_IMPOSSIBLE_STEP_REFERENCE,
             str_printf(&build->scratch,
                        "`.steps.%s`: no path leads from `%s` to this step, so it can never have "
                        "run before",
                        shown, shown));
    look->steps[found / BITS] |= (uint64_t)1 << (found % BITS);
}

static void look_at_steps(Looking *look, const ExprRef *ref) {
    if (ref->name_count == 1)
        look->reads->all_steps = true;
    else
        look_at_step(look, ref->names[1]);
}

static bool has_error_edge(const Plan *plan, uint32_t node) {
    bool is_found = false;

    if (node == PLAN_NONE)
        return false;
    for (uint32_t i = 0; i < plan->nodes[node].in_count; i++)
        is_found = is_found || plan->edges[plan->nodes[node].in[i]].port == PORT_ERROR;
    return is_found;
}

static void look_at_error(Looking *look, const ExprRef *ref) {
    (void)ref;
    if (!has_error_edge(look->build->plan, look->program->node))
        tell(look, PROBLEM_MISPLACED_ERROR,
             STR("`.error` is only seen by steps that an onErrorSteps names; elsewhere write "
                 "`.steps.<id>.error`"));
    look->reads->error = true;
}

static void look_at_join(Looking *look, const ExprRef *ref) {
    (void)ref;
    if (look->program->node == PLAN_NONE)
        tell(look, PROBLEM_UNKNOWN_ROOT, STR("`.join` is only seen by steps"));
    look->reads->join = true;
}

static void look_at_secrets(Looking *look, const ExprRef *ref) {
    if (look->program->sees != SEES_SECRETS)
        tell(look, PROBLEM_MISPLACED_SECRET,
             STR("`.secrets` is only seen by an ACTION's inputMappings"));
    else if (ref->name_count < 2)
        tell(look, PROBLEM_MISPLACED_SECRET,
             STR("name the secret: `.secrets.KEY`; all of them together are never shown"));
    look->reads->secrets = true;
}

static void look_at_trigger(Looking *look, const ExprRef *ref) {
    (void)ref;
    look->reads->trigger = true;
}

static void look_at_input(Looking *look, const ExprRef *ref) {
    (void)ref;
    look->reads->input = true;
}

static void look_at_vars(Looking *look, const ExprRef *ref) {
    (void)ref;
    look->reads->vars = true;
}

static void look_at_execution(Looking *look, const ExprRef *ref) {
    (void)ref;
    look->reads->execution = true;
}

static void look_at_tenant(Looking *look, const ExprRef *ref) {
    (void)ref;
    look->reads->tenant = true;
}

static void look_at_loop(Looking *look, const ExprRef *ref) {
    tell(look, PROBLEM_UNKNOWN_ROOT,
         str_printf(&look->build->scratch, "`.%s` is only seen inside loops",
                    text_shown(&look->build->scratch, ref->names[0])));
}

static const struct {
    const char *name;
    void (*look)(Looking *look, const ExprRef *ref);
} roots[] = {
    {"trigger",   look_at_trigger  },
    {"input",     look_at_input    },
    {"steps",     look_at_steps    },
    {"vars",      look_at_vars     },
    {"execution", look_at_execution},
    {"tenant",    look_at_tenant   },
    {"join",      look_at_join     },
    {"error",     look_at_error    },
    {"secrets",   look_at_secrets  },
    {"item",      look_at_loop     },
    {"index",     look_at_loop     },
    {"loop",      look_at_loop     },
    {"previous",  look_at_loop     },
};

/* "." is everything there is at that place, never a secret. */
static void read_all(Looking *look) {
    PlanReads *reads = look->reads;
    bool is_step = look->program->node != PLAN_NONE;

    reads->trigger = reads->input = reads->vars = reads->execution = reads->tenant = true;
    reads->all_steps = true;
    reads->join = reads->join || is_step;
    reads->error = reads->error || has_error_edge(look->build->plan, look->program->node);
}

static void look_at_ref(Looking *look, const ExprRef *ref) {
    Build *build = look->build;

    if (build_is_full(build))
        return;
    if (ref->name_count == 0) {
        read_all(look);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
        if (str_is(ref->names[0], roots[i].name)) {
            roots[i].look(look, ref);
            return;
        }
    }
    tell(look, PROBLEM_UNKNOWN_ROOT,
         str_printf(&build->scratch, "nothing defines `.%s`; known are " ROOTS_KNOWN,
                    text_shown(&build->scratch, ref->names[0])));
}

static bool look_at_template(void *context, Str pointer, const ExprRef *ref) {
    Looking *look = context;

    look->pointer = str_printf(&look->build->scratch, "%.*s%.*s", STR_ARGS(look->program->pointer),
                               STR_ARGS(pointer));
    look_at_ref(look, ref);
    return true;
}

static void look_at_program(Looking *look, const PlanProgram *program) {
    size_t count = 0;
    const ExprRef *refs;

    look->program = program;
    look->pointer = program->pointer;
    if (program->template != NULL) {
        template_refs(program->template, look_at_template, look);
        return;
    }
    refs = expr_refs(program->expr, &count);
    for (size_t i = 0; i < count; i++)
        look_at_ref(look, &refs[i]);
}

/* The bit set becomes the ascending list, and is empty again. */
static void keep_steps(Looking *look) {
    Plan *plan = look->build->plan;
    uint32_t *steps;
    uint32_t count = 0;

    for (size_t w = 0; w < look->build->before_words; w++)
        count += (uint32_t)__builtin_popcountll(look->steps[w]);
    steps = arena_alloc(&plan->arena, MAX(count, 1u) * sizeof *steps);
    look->reads->steps = steps;
    look->reads->step_count = count;
    for (size_t w = 0; w < look->build->before_words; w++) {
        for (uint64_t bits = look->steps[w]; bits != 0; bits &= bits - 1)
            *steps++ = (uint32_t)(w * BITS) + (uint32_t)__builtin_ctzll(bits);
        look->steps[w] = 0;
    }
}

/* Programs come in the order of their nodes; those of one node are one group. */
void build_refs(Build *build) {
    Plan *plan = build->plan;
    Looking look = {
        .build = build,
        .steps =
            arena_zero(&build->scratch, MAX(build->before_words, (size_t)1) * sizeof *look.steps),
    };

    for (const PlanProgram *program = plan->programs; program != NULL; program = program->next) {
        PlanReads *reads =
            program->node == PLAN_NONE ? &plan->output_reads : &plan->nodes[program->node].reads;

        if (program->sees == SEES_OTHER)
            continue;
        if (look.reads != NULL && look.reads != reads)
            keep_steps(&look);
        look.reads = reads;
        look_at_program(&look, program);
    }
    if (look.reads != NULL)
        keep_steps(&look);
}
