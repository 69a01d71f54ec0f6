/* Messages of V8 for errors that the engine itself throws.
 *
 * Included by quickjs.c (it needs its private types). Nothing here runs
 * unless an error is being thrown.
 *
 * V8 names the expression at fault ("event.user.foo is not a function") by
 * printing its syntax tree. There is none here, so the expression is read
 * back from the bytecode: v8_walk() follows the control flow from the start
 * of the function to the failing instruction with a stack of expressions in
 * place of values. Functions need not keep their source for it.
 */

typedef enum {
    V8_UNKNOWN, /* "(intermediate value)" */
    V8_NAME,    /* atom */
    V8_WORD,    /* fixed text */
    V8_STRING,  /* atom: a string literal */
    V8_INT,     /* b: a number */
    V8_CONST,   /* b: index in the constant pool */
    V8_FIELD,   /* a.atom */
    V8_ELEMENT, /* a[b] */
    V8_CALL,    /* a(...) */
    V8_UNARY,   /* word a */
    V8_POSTFIX, /* a word */
    V8_BINARY,  /* a word b */
    V8_ARRAY,   /* a: last element, chained by V8_ITEM */
    V8_ITEM,    /* a: this element, b: the one before */
    V8_OBJECT,  /* b: number of properties */
    V8_NEW,     /* new a(...) */
    V8_TEMPLATE, /* a: last substitution, chained by V8_ITEM */
    V8_EITHER,  /* one of two */
    V8_AWAIT,   /* a: what is awaited */
} V8Kind;

typedef struct {
    uint8_t kind;
    uint8_t optional;  /* reached through "?." */
    uint8_t part;      /* read as a part of a destructured value */
    const char *word;
    JSAtom atom;
    int a, b;
} V8Node;

typedef struct {
    uint32_t pc;
    int depth;
    int *stack;
} V8State;

typedef struct {
    uint32_t pc;
    const char *word;  /* "||", "&&" or "??" */
    int left, depth;
} V8Join;

typedef struct {
    JSContext *ctx;
    JSFunctionBytecode *b;
    V8Node *nodes;
    int node_count, node_size;
    V8State *todo;
    int todo_count, todo_size;
    V8Join joins[16];
    int join_count;
    uint8_t *seen;
    int *stack;
    int depth, limit;
    bool optional;     /* the next member access is behind "?." */
    bool failed;
    uint32_t op_pc;    /* where the instruction looked for begins */
} V8Walk;

static int v8_node(V8Walk *w, V8Kind kind, JSAtom atom, int a, int b)
{
    V8Node *n;

    if (w->node_count == w->node_size) {
        int size = w->node_size ? w->node_size * 2 : 64;
        n = js_realloc_rt(w->ctx->rt, w->nodes, size * sizeof(*n));
        if (!n) {
            w->failed = true;
            return 0;
        }
        w->nodes = n;
        w->node_size = size;
    }
    n = &w->nodes[w->node_count];
    memset(n, 0, sizeof(*n));
    n->kind = kind;
    n->atom = atom;
    n->a = a;
    n->b = b;
    return w->node_count++;
}

static int v8_word(V8Walk *w, V8Kind kind, const char *word, int a, int b)
{
    int n = v8_node(w, kind, JS_ATOM_NULL, a, b);
    if (!w->failed)
        w->nodes[n].word = word;
    return n;
}

static void v8_push(V8Walk *w, int node)
{
    if (w->depth < w->limit)
        w->stack[w->depth++] = node;
    else
        w->failed = true;
}

static int v8_peek(V8Walk *w, int i)
{
    return i < w->depth ? w->stack[w->depth - 1 - i] : 0;
}

static int v8_pop(V8Walk *w)
{
    return w->depth > 0 ? w->stack[--w->depth] : 0;
}

static void v8_drop(V8Walk *w, int n)
{
    w->depth = w->depth > n ? w->depth - n : 0;
}

static void v8_later(V8Walk *w, uint32_t pc, int depth, int push)
{
    JSRuntime *rt = w->ctx->rt;
    V8State *s;
    int i;

    if (pc >= (uint32_t)w->b->byte_code_len || w->seen[pc])
        return;
    if (w->todo_count == w->todo_size) {
        int size = w->todo_size ? w->todo_size * 2 : 16;
        s = js_realloc_rt(rt, w->todo, size * sizeof(*s));
        if (!s) {
            w->failed = true;
            return;
        }
        w->todo = s;
        w->todo_size = size;
    }
    s = &w->todo[w->todo_count];
    s->pc = pc;
    s->depth = depth;
    s->stack = js_malloc_rt(rt, (w->limit + 1) * sizeof(int));
    if (!s->stack) {
        w->failed = true;
        return;
    }
    for (i = 0; i < depth; i++)
        s->stack[i] = w->stack[i];
    if (push >= 0 && depth < w->limit)
        s->stack[s->depth++] = push;
    w->todo_count++;
}

static JSAtom v8_local(JSFunctionBytecode *b, uint32_t i)
{
    if (!b->vardefs || i >= b->var_count)
        return JS_ATOM_NULL;
    return b->vardefs[b->arg_count + i].var_name;
}

static JSAtom v8_argument(JSFunctionBytecode *b, uint32_t i)
{
    if (!b->vardefs || i >= b->arg_count)
        return JS_ATOM_NULL;
    return b->vardefs[i].var_name;
}

static JSAtom v8_captured(JSFunctionBytecode *b, uint32_t i)
{
    if (i >= b->closure_var_count)
        return JS_ATOM_NULL;
    return b->closure_var[i].var_name;
}

static void v8_push_name(V8Walk *w, JSAtom name)
{
    if (name == JS_ATOM_NULL || name == JS_ATOM_home_object)
        v8_push(w, v8_node(w, V8_UNKNOWN, name, 0, 0));
    else
        v8_push(w, v8_node(w, V8_NAME, name, 0, 0));
}

static void v8_member(V8Walk *w, V8Kind kind, JSAtom atom, int obj, int key,
                      bool keep)
{
    int n;

    if (!w->failed && kind == V8_ELEMENT && w->nodes[key].kind == V8_STRING) {
        kind = V8_FIELD;
        atom = w->nodes[key].atom;
    }
    n = v8_node(w, kind, atom, obj, key);
    if (w->failed)
        return;
    w->nodes[n].optional = w->optional;
    w->nodes[n].part = keep;
    w->optional = false;
    v8_push(w, n);
}

static void v8_array(V8Walk *w, int count)
{
    int i, last = 0, first = w->depth - count;

    if (first < 0) {
        w->failed = true;
        return;
    }
    for (i = first; i < w->depth; i++)
        last = v8_node(w, V8_ITEM, JS_ATOM_NULL, w->stack[i], last);
    w->depth = first;
    v8_push(w, v8_node(w, V8_ARRAY, JS_ATOM_NULL, last, 0));
}

static void v8_array_add(V8Walk *w, int array, int item)
{
    int last;

    if (w->failed || w->nodes[array].kind != V8_ARRAY)
        return;
    last = v8_node(w, V8_ITEM, JS_ATOM_NULL, item, w->nodes[array].a);
    if (!w->failed)
        w->nodes[array].a = last;
}

static void v8_object_add(V8Walk *w, int object)
{
    if (!w->failed && w->nodes[object].kind == V8_OBJECT)
        w->nodes[object].b++;
}

/* reorder the top 'n' entries: 'order' lists the old places, counted from
   the deepest of them, one digit each */
static void v8_shuffle(V8Walk *w, int n, const char *order)
{
    int old[8], i, base = w->depth - n;

    if (base < 0) {
        w->failed = true;
        return;
    }
    for (i = 0; i < n; i++)
        old[i] = w->stack[base + i];
    w->depth = base;
    for (; *order; order++)
        v8_push(w, old[*order - '0']);
}

static bool v8_step_stack(V8Walk *w, int op)
{
    static const struct { uint8_t op, n; const char *order; } moves[] = {
        { OP_nip, 2, "1" }, { OP_nip1, 3, "12" }, { OP_dup, 1, "00" },
        { OP_dup1, 2, "001" }, { OP_dup2, 2, "0101" },
        { OP_dup3, 3, "012012" }, { OP_insert2, 2, "101" },
        { OP_insert3, 3, "2012" }, { OP_insert4, 4, "30123" },
        { OP_perm3, 3, "102" }, { OP_perm4, 4, "2013" },
        { OP_perm5, 5, "30124" }, { OP_swap, 2, "10" },
        { OP_swap2, 4, "2301" }, { OP_rot3l, 3, "120" },
        { OP_rot3r, 3, "201" }, { OP_rot4l, 4, "1230" },
        { OP_rot5l, 5, "12340" },
    };
    size_t i;

    for (i = 0; i < countof(moves); i++) {
        if (moves[i].op == op) {
            v8_shuffle(w, moves[i].n, moves[i].order);
            return true;
        }
    }
    return false;
}

static bool v8_step_operator(V8Walk *w, int op)
{
    static const struct { uint8_t op, kind; const char *word; } words[] = {
        { OP_neg, V8_UNARY, "-" }, { OP_plus, V8_UNARY, "+" },
        { OP_dec, V8_UNARY, "--" }, { OP_inc, V8_UNARY, "++" },
        { OP_not, V8_UNARY, "~" }, { OP_lnot, V8_UNARY, "!" },
        { OP_typeof, V8_UNARY, "typeof " },
        { OP_mul, V8_BINARY, "*" }, { OP_div, V8_BINARY, "/" },
        { OP_mod, V8_BINARY, "%" }, { OP_add, V8_BINARY, "+" },
        { OP_sub, V8_BINARY, "-" }, { OP_shl, V8_BINARY, "<<" },
        { OP_sar, V8_BINARY, ">>" }, { OP_shr, V8_BINARY, ">>>" },
        { OP_and, V8_BINARY, "&" }, { OP_xor, V8_BINARY, "^" },
        { OP_or, V8_BINARY, "|" }, { OP_pow, V8_BINARY, "**" },
        { OP_lt, V8_BINARY, "<" }, { OP_lte, V8_BINARY, "<=" },
        { OP_gt, V8_BINARY, ">" }, { OP_gte, V8_BINARY, ">=" },
        { OP_instanceof, V8_BINARY, "instanceof" },
        { OP_in, V8_BINARY, "in" }, { OP_eq, V8_BINARY, "==" },
        { OP_strict_eq, V8_BINARY, "===" },
    };
    size_t i;
    int a, b;

    if (op == OP_neq || op == OP_strict_neq) {
        b = v8_pop(w);
        a = v8_pop(w);
        a = v8_word(w, V8_BINARY, op == OP_neq ? "==" : "===", a, b);
        v8_push(w, v8_word(w, V8_UNARY, "!", a, 0));
        return true;
    }
    if (op == OP_post_dec || op == OP_post_inc) {
        a = v8_pop(w);
        v8_push(w, v8_word(w, V8_POSTFIX, op == OP_post_inc ? "++" : "--", a, 0));
        v8_push(w, a);
        return true;
    }
    if (op == OP_delete) {
        b = v8_pop(w);
        a = v8_pop(w);
        v8_member(w, V8_ELEMENT, JS_ATOM_NULL, a, b, false);
        v8_push(w, v8_word(w, V8_UNARY, "delete ", v8_pop(w), 0));
        return true;
    }
    for (i = 0; i < countof(words); i++) {
        if (words[i].op != op)
            continue;
        b = 0;
        if (words[i].kind == V8_BINARY)
            b = v8_pop(w);
        a = v8_pop(w);
        v8_push(w, v8_word(w, words[i].kind, words[i].word, a, b));
        return true;
    }
    return false;
}

static bool v8_step_value(V8Walk *w, int op, const uint8_t *pc)
{
    JSFunctionBytecode *b = w->b;

    switch (op) {
    case OP_push_i32: v8_push(w, v8_node(w, V8_INT, 0, 0, get_u32(pc + 1))); break;
    case OP_push_i8: v8_push(w, v8_node(w, V8_INT, 0, 0, get_i8(pc + 1))); break;
    case OP_push_i16: v8_push(w, v8_node(w, V8_INT, 0, 0, get_i16(pc + 1))); break;
    case OP_push_minus1: case OP_push_0: case OP_push_1: case OP_push_2:
    case OP_push_3: case OP_push_4: case OP_push_5: case OP_push_6:
    case OP_push_7: v8_push(w, v8_node(w, V8_INT, 0, 0, op - OP_push_0)); break;
    case OP_push_const: v8_push(w, v8_node(w, V8_CONST, 0, 0, get_u32(pc + 1))); break;
    case OP_push_const8: v8_push(w, v8_node(w, V8_CONST, 0, 0, pc[1])); break;
    case OP_push_empty_string:
        v8_push(w, v8_node(w, V8_STRING, JS_ATOM_empty_string, 0, 0));
        break;
    case OP_push_atom_value: v8_push(w, v8_node(w, V8_STRING, get_u32(pc + 1), 0, 0)); break;
    case OP_undefined: v8_push(w, v8_word(w, V8_WORD, "undefined", 0, 0)); break;
    case OP_null: v8_push(w, v8_word(w, V8_WORD, "null", 0, 0)); break;
    case OP_push_this: v8_push(w, v8_word(w, V8_WORD, "this", 0, 0)); break;
    case OP_push_false: v8_push(w, v8_word(w, V8_WORD, "false", 0, 0)); break;
    case OP_push_true: v8_push(w, v8_word(w, V8_WORD, "true", 0, 0)); break;
    case OP_object: v8_push(w, v8_node(w, V8_OBJECT, 0, 0, 0)); break;
    case OP_get_var: case OP_get_var_undef: v8_push_name(w, get_u32(pc + 1)); break;
    case OP_get_loc: case OP_get_loc_check: v8_push_name(w, v8_local(b, get_u16(pc + 1))); break;
    case OP_get_loc8: v8_push_name(w, v8_local(b, pc[1])); break;
    case OP_get_loc0: case OP_get_loc1: case OP_get_loc2: case OP_get_loc3:
        v8_push_name(w, v8_local(b, op - OP_get_loc0));
        break;
    case OP_get_loc0_loc1:
        v8_push_name(w, v8_local(b, 0));
        v8_push_name(w, v8_local(b, 1));
        break;
    case OP_get_arg: v8_push_name(w, v8_argument(b, get_u16(pc + 1))); break;
    case OP_get_arg0: case OP_get_arg1: case OP_get_arg2: case OP_get_arg3:
        v8_push_name(w, v8_argument(b, op - OP_get_arg0));
        break;
    case OP_get_var_ref: case OP_get_var_ref_check:
        v8_push_name(w, v8_captured(b, get_u16(pc + 1)));
        break;
    case OP_get_var_ref0: case OP_get_var_ref1: case OP_get_var_ref2:
    case OP_get_var_ref3:
        v8_push_name(w, v8_captured(b, op - OP_get_var_ref0));
        break;
    default:
        return false;
    }
    return true;
}

/* an assignment as an expression is printed as its target */
static void v8_assigned(V8Walk *w, JSAtom name)
{
    v8_pop(w);
    v8_push_name(w, name);
}

static bool v8_step_assign(V8Walk *w, int op, const uint8_t *pc)
{
    JSFunctionBytecode *b = w->b;

    switch (op) {
    case OP_set_loc: v8_assigned(w, v8_local(b, get_u16(pc + 1))); break;
    case OP_set_loc8: v8_assigned(w, v8_local(b, pc[1])); break;
    case OP_set_loc0: case OP_set_loc1: case OP_set_loc2: case OP_set_loc3:
        v8_assigned(w, v8_local(b, op - OP_set_loc0));
        break;
    case OP_set_arg: v8_assigned(w, v8_argument(b, get_u16(pc + 1))); break;
    case OP_set_arg0: case OP_set_arg1: case OP_set_arg2: case OP_set_arg3:
        v8_assigned(w, v8_argument(b, op - OP_set_arg0));
        break;
    case OP_set_var_ref: v8_assigned(w, v8_captured(b, get_u16(pc + 1))); break;
    case OP_set_var_ref0: case OP_set_var_ref1: case OP_set_var_ref2:
    case OP_set_var_ref3:
        v8_assigned(w, v8_captured(b, op - OP_set_var_ref0));
        break;
    default:
        return false;
    }
    return true;
}

static bool v8_step_member(V8Walk *w, int op, const uint8_t *pc)
{
    int a, k;

    switch (op) {
    case OP_get_field:
        a = v8_pop(w);
        v8_member(w, V8_FIELD, get_u32(pc + 1), a, 0, false);
        break;
    case OP_get_length:
        a = v8_pop(w);
        v8_member(w, V8_FIELD, JS_ATOM_length, a, 0, false);
        break;
    case OP_get_field2:
        v8_member(w, V8_FIELD, get_u32(pc + 1), v8_peek(w, 0), 0, true);
        break;
    case OP_get_private_field:
    case OP_get_array_el:
        k = v8_pop(w);
        a = v8_pop(w);
        v8_member(w, V8_ELEMENT, JS_ATOM_NULL, a, k, false);
        break;
    case OP_get_array_el2:
        k = v8_pop(w);
        v8_member(w, V8_ELEMENT, JS_ATOM_NULL, v8_peek(w, 0), k, true);
        break;
    case OP_get_super_value:
        k = v8_pop(w);
        v8_drop(w, 2);
        v8_member(w, V8_ELEMENT, JS_ATOM_NULL, v8_node(w, V8_UNKNOWN, 0, 0, 0), k, false);
        break;
    case OP_define_field:
        v8_drop(w, 1);
        v8_object_add(w, v8_peek(w, 0));
        break;
    case OP_define_method:
        v8_drop(w, 1);
        v8_object_add(w, v8_peek(w, 0));
        break;
    case OP_define_method_computed:
        v8_drop(w, 2);
        v8_object_add(w, v8_peek(w, 0));
        break;
    case OP_define_array_el:
        v8_array_add(w, v8_peek(w, 2), v8_peek(w, 0));
        v8_object_add(w, v8_peek(w, 2));
        v8_drop(w, 1);
        break;
    case OP_append:
        k = v8_word(w, V8_UNARY, "...", v8_pop(w), 0);
        v8_array_add(w, v8_peek(w, 1), k);
        break;
    case OP_copy_data_properties:
        v8_object_add(w, v8_peek(w, pc[1] & 3));
        break;
    case OP_array_from:
        v8_array(w, get_u16(pc + 1));
        break;
    case OP_regexp:
        v8_drop(w, 2);
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
        break;
    default:
        return false;
    }
    return true;
}

/* `a${b}c` is compiled as "a".concat(b, "c") */
static bool v8_template(V8Walk *w, int argc)
{
    int f = v8_peek(w, argc), last = 0, i, base = w->depth - argc;
    V8Node *n = &w->nodes[f];

    if (w->failed || base < 2 || n->kind != V8_FIELD ||
        n->atom != JS_ATOM_concat || w->nodes[n->a].kind != V8_STRING)
        return false;
    for (i = base; i < w->depth; i++) {
        if (w->nodes[w->stack[i]].kind != V8_STRING)
            last = v8_node(w, V8_ITEM, JS_ATOM_NULL, w->stack[i], last);
    }
    w->depth = base - 2;
    v8_push(w, v8_node(w, V8_TEMPLATE, JS_ATOM_NULL, last, 0));
    return true;
}

static bool v8_step_call(V8Walk *w, int op, const uint8_t *pc)
{
    int f;

    switch (op) {
    case OP_call0: case OP_call1: case OP_call2: case OP_call3:
        v8_drop(w, op - OP_call0);
        f = v8_pop(w);
        break;
    case OP_call:
        v8_drop(w, get_u16(pc + 1));
        f = v8_pop(w);
        break;
    case OP_call_method:
        if (v8_template(w, get_u16(pc + 1)))
            return true;
        v8_drop(w, get_u16(pc + 1));
        f = v8_pop(w);
        v8_drop(w, 1);
        break;
    case OP_call_constructor:
        v8_drop(w, get_u16(pc + 1) + 1);
        v8_push(w, v8_node(w, V8_NEW, 0, v8_pop(w), 0));
        return true;
    case OP_apply:
        v8_drop(w, 2);
        f = v8_pop(w);
        if (get_u16(pc + 1) & 1) {
            v8_push(w, v8_node(w, V8_NEW, 0, f, 0));
            return true;
        }
        break;
    default:
        return false;
    }
    v8_push(w, v8_node(w, V8_CALL, 0, f, 0));
    return true;
}

static void v8_join_add(V8Walk *w, uint32_t pc, const char *word, int left)
{
    V8Join *j;

    if (w->join_count == (int)countof(w->joins))
        w->join_count = 0;
    j = &w->joins[w->join_count++];
    j->pc = pc;
    j->word = word;
    j->left = left;
    j->depth = w->depth;
}

static void v8_join(V8Walk *w, uint32_t pc)
{
    int i, right;

    for (i = w->join_count - 1; i >= 0; i--) {
        V8Join *j = &w->joins[i];
        if (j->pc != pc || j->depth != w->depth || !j->word)
            continue;
        right = v8_pop(w);
        v8_push(w, v8_word(w, V8_BINARY, j->word, j->left, right));
        j->word = NULL;
    }
}

static uint32_t v8_target(const uint8_t *code, uint32_t pc, int op)
{
    switch (op) {
    case OP_if_false8: case OP_if_true8: case OP_goto8:
        return pc + 1 + (int8_t)code[pc + 1];
    case OP_goto16:
        return pc + 1 + (int16_t)get_u16(code + pc + 1);
    default:
        return pc + 1 + (int32_t)get_u32(code + pc + 1);
    }
}

/* a conditional jump; returns where to go on */
static uint32_t v8_step_branch(V8Walk *w, uint32_t pc, uint32_t next, int op,
                               int before, int before2)
{
    const uint8_t *code = w->b->byte_code_buf;
    uint32_t target = v8_target(code, pc, op);
    bool if_true = op == OP_if_true || op == OP_if_true8;
    int value = v8_pop(w), top = v8_peek(w, 0);
    const uint8_t *n = code + next;

    if (before == OP_dup && n[0] == OP_drop) {
        v8_join_add(w, target, if_true ? "||" : "&&", value);
        return next;
    }
    if (before == OP_is_undefined_or_null && before2 == OP_dup) {
        if (!if_true && n[0] == OP_drop && n[1] == OP_drop)
            return target; /* "a.b?.()" */
        if (!if_true && n[0] == OP_drop && n[1] == OP_undefined) {
            /* "a?.b": the value is there */
            w->optional = true;
            return target;
        }
        if (!if_true && n[0] == OP_drop) {
            v8_join_add(w, target, "??", top);
            return next;
        }
    }
    if (before == OP_is_undefined && before2 == OP_dup && if_true &&
        !w->failed && w->nodes[top].word &&
        !strcmp(w->nodes[top].word, "undefined")) {
        /* destructuring of an expression that comes later */
        return target;
    }
    v8_later(w, target, w->depth, -1);
    return next;
}

static void v8_step_generic(V8Walk *w, int op, const uint8_t *pc)
{
    const JSOpCode *oi = &short_opcode_info(op);
    int pops = oi->n_pop, i;

    if (oi->fmt == OP_FMT_npop || oi->fmt == OP_FMT_npop_u16)
        pops += get_u16(pc + 1);
    v8_drop(w, pops);
    for (i = 0; i < oi->n_push; i++)
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
}

static void v8_step_with(V8Walk *w, uint32_t pc, int op)
{
    const uint8_t *code = w->b->byte_code_buf;
    JSAtom atom = get_u32(code + pc + 1);
    uint32_t target = pc + 5 + (int32_t)get_u32(code + pc + 5);
    int name, depth;

    v8_drop(w, 1);
    depth = w->depth;
    name = v8_node(w, V8_NAME, atom, 0, 0);
    if (op == OP_with_get_var || op == OP_with_delete_var) {
        v8_later(w, target, depth, name);
    } else if (op == OP_with_get_ref || op == OP_with_get_ref_undef) {
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
        v8_later(w, target, w->depth, name);
        w->depth = depth;
    }
}

/* one instruction; returns the next pc, or -1 at the end of the path */
static int64_t v8_step(V8Walk *w, uint32_t pc, int before, int before2)
{
    const uint8_t *code = w->b->byte_code_buf;
    int op = code[pc], a;
    uint32_t next = pc + short_opcode_info(op).size;

    if (v8_step_value(w, op, code + pc) || v8_step_member(w, op, code + pc) ||
        v8_step_call(w, op, code + pc) || v8_step_assign(w, op, code + pc) ||
        v8_step_stack(w, op) || v8_step_operator(w, op))
        return next;
    switch (op) {
    case OP_if_false: case OP_if_true: case OP_if_false8: case OP_if_true8:
        return v8_step_branch(w, pc, next, op, before, before2);
    case OP_goto: case OP_goto8: case OP_goto16:
        /* the end of the first arm of "a ? b : c" */
        if (w->todo_count > 0 && w->todo[w->todo_count - 1].pc == next &&
            w->todo[w->todo_count - 1].depth == w->depth - 1) {
            v8_pop(w);
            v8_push(w, v8_node(w, V8_EITHER, 0, 0, 0));
        }
        return v8_target(code, pc, op);
    case OP_catch:
        a = v8_word(w, V8_WORD, ".catch", 0, 0);
        v8_later(w, v8_target(code, pc, op), w->depth, a);
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
        return next;
    case OP_gosub:
        a = v8_node(w, V8_UNKNOWN, 0, 0, 0);
        v8_later(w, v8_target(code, pc, op), w->depth, a);
        return next;
    case OP_return: case OP_return_undef: case OP_return_async: case OP_throw:
    case OP_throw_error: case OP_ret: case OP_tail_call:
    case OP_tail_call_method:
        return -1;
    case OP_for_of_next:
        if (code[next] == OP_drop) {
            /* an element of a pattern */
            a = v8_node(w, V8_UNKNOWN, 0, 0, 0);
            if (!w->failed)
                w->nodes[a].part = true;
        } else {
            a = v8_word(w, V8_WORD, ".for", 0, 0);
        }
        v8_push(w, a);
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
        return next;
    case OP_iterator_get_value_done:
        v8_drop(w, 1);
        v8_push(w, v8_word(w, V8_WORD, ".for", 0, 0));
        v8_push(w, v8_node(w, V8_UNKNOWN, 0, 0, 0));
        return next;
    case OP_is_undefined_or_null: case OP_is_undefined: case OP_is_null:
    case OP_to_object: case OP_to_propkey: case OP_set_name:
    case OP_check_object: case OP_nop:
        return next;
    case OP_to_propkey2:
        return next;
    case OP_await:
        a = v8_pop(w);
        v8_push(w, v8_node(w, V8_AWAIT, 0, a, 0));
        return next;
    case OP_with_get_var: case OP_with_put_var: case OP_with_delete_var:
    case OP_with_make_ref: case OP_with_get_ref: case OP_with_get_ref_undef:
        v8_step_with(w, pc, op);
        return next;
    default:
        v8_step_generic(w, op, code + pc);
        return next;
    }
}

static bool v8_walk_path(V8Walk *w, uint32_t pc, uint32_t pc_end)
{
    const uint8_t *code = w->b->byte_code_buf;
    int before = -1, before2 = -1, op;
    int64_t next;

    while (!w->failed && pc < (uint32_t)w->b->byte_code_len) {
        if (w->seen[pc])
            return false;
        w->seen[pc] = 1;
        op = code[pc];
        v8_join(w, pc);
        if (pc + short_opcode_info(op).size == pc_end) {
            w->op_pc = pc;
            return !w->failed;
        }
        next = v8_step(w, pc, before, before2);
        if (next < 0)
            return false;
        before2 = before;
        before = op;
        pc = next;
    }
    return false;
}

static void v8_walk_free(V8Walk *w)
{
    JSRuntime *rt = w->ctx->rt;

    while (w->todo_count > 0)
        js_free_rt(rt, w->todo[--w->todo_count].stack);
    js_free_rt(rt, w->todo);
    js_free_rt(rt, w->nodes);
    js_free_rt(rt, w->seen);
    js_free_rt(rt, w->stack);
}

/* Walk to the instruction that ends at 'pc_end', whose operands are then on
   the stack. v8_walk_free() is due in either case. */
static bool v8_walk(V8Walk *w, JSContext *ctx, JSFunctionBytecode *b,
                    uint32_t pc_end)
{
    JSRuntime *rt = ctx->rt;
    uint32_t pc = 0;

    memset(w, 0, sizeof(*w));
    w->ctx = ctx;
    w->b = b;
    w->limit = b->stack_size + 8;
    w->seen = js_calloc_rt(rt, 1, b->byte_code_len + 1);
    w->stack = js_malloc_rt(rt, (w->limit + 1) * sizeof(int));
    if (!w->seen || !w->stack)
        return false;
    v8_node(w, V8_UNKNOWN, 0, 0, 0);
    for (;;) {
        V8State *s;
        if (v8_walk_path(w, pc, pc_end))
            return true;
        if (w->failed || w->todo_count == 0)
            return false;
        s = &w->todo[--w->todo_count];
        pc = s->pc;
        w->depth = s->depth;
        w->optional = false;
        memcpy(w->stack, s->stack, s->depth * sizeof(int));
        js_free_rt(rt, s->stack);
    }
}

static void v8_put_atom(DynBuf *s, JSContext *ctx, JSAtom atom)
{
    const char *str = JS_AtomToCString(ctx, atom);
    bool symbol = JS_AtomGetKind(ctx, atom) == JS_ATOM_KIND_SYMBOL;

    if (symbol)
        dbuf_putstr(s, "Symbol(");
    if (str)
        dbuf_putstr(s, str);
    if (symbol)
        dbuf_putc(s, ')');
    JS_FreeCString(ctx, str);
}

static void v8_put_number(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    const char *str = JS_ToCString(ctx, val);

    if (str)
        dbuf_putstr(s, str);
    JS_FreeCString(ctx, str);
}

static void v8_print(V8Walk *w, DynBuf *s, int i, int nest);

static void v8_print_const(V8Walk *w, DynBuf *s, int i)
{
    JSValueConst val;

    if (i < 0 || i >= w->b->cpool_count)
        return;
    val = w->b->cpool[i];
    if (JS_IsString(val)) {
        dbuf_putc(s, '"');
        v8_put_number(s, w->ctx, val);
        dbuf_putc(s, '"');
    } else if (JS_IsNumber(val)) {
        v8_put_number(s, w->ctx, val);
    } else {
        dbuf_putstr(s, "(intermediate value)");
    }
}

static void v8_print_items(V8Walk *w, DynBuf *s, int i, int nest)
{
    int item = w->nodes[i].a, chain[64], n = 0;

    if (w->nodes[i].kind == V8_TEMPLATE) {
        for (; item && n < (int)countof(chain); item = w->nodes[item].b)
            chain[n++] = w->nodes[item].a;
        while (n-- > 0)
            v8_print(w, s, chain[n], nest);
        return;
    }
    dbuf_putc(s, '[');
    for (; item && n < (int)countof(chain); item = w->nodes[item].b)
        chain[n++] = w->nodes[item].a;
    while (n-- > 0) {
        v8_print(w, s, chain[n], nest);
        if (n)
            dbuf_putc(s, ',');
    }
    dbuf_putc(s, ']');
}

static void v8_print_binary(V8Walk *w, DynBuf *s, int i, int nest)
{
    V8Node *n = &w->nodes[i], *left = &w->nodes[n->a];

    dbuf_putc(s, '(');
    if (left->kind == V8_BINARY && !strcmp(left->word, n->word) &&
        strchr("+*|&^", n->word[0])) {
        /* a chain of one operator has one pair of parentheses */
        size_t at = s->size;
        v8_print(w, s, n->a, nest);
        if (!dbuf_error(s) && s->size > at + 2) {
            memmove(s->buf + at, s->buf + at + 1, s->size - at - 2);
            s->size -= 2;
        }
    } else {
        v8_print(w, s, n->a, nest);
    }
    dbuf_printf(s, " %s ", n->word);
    v8_print(w, s, n->b, nest);
    dbuf_putc(s, ')');
}

static void v8_print_element(V8Walk *w, DynBuf *s, V8Node *n, int nest)
{
    v8_print(w, s, n->a, nest);
    if (n->kind == V8_FIELD) {
        dbuf_putstr(s, n->optional ? "?." : ".");
        v8_put_atom(s, w->ctx, n->atom);
        return;
    }
    dbuf_putstr(s, n->optional ? "?.[" : "[");
    v8_print(w, s, n->b, nest);
    dbuf_putc(s, ']');
}

static void v8_print(V8Walk *w, DynBuf *s, int i, int nest)
{
    V8Node *n = &w->nodes[i];
    int k;

    if (nest > 200)
        return;
    nest++;
    switch (n->kind) {
    case V8_NAME:
        if (n->atom == JS_ATOM_new_target)
            dbuf_putc(s, '.');
        v8_put_atom(s, w->ctx, n->atom);
        break;
    case V8_WORD: dbuf_putstr(s, n->word); break;
    case V8_STRING:
        dbuf_putc(s, '"');
        v8_put_atom(s, w->ctx, n->atom);
        dbuf_putc(s, '"');
        break;
    case V8_INT: dbuf_printf(s, "%d", n->b); break;
    case V8_CONST: v8_print_const(w, s, n->b); break;
    case V8_FIELD: case V8_ELEMENT: v8_print_element(w, s, n, nest); break;
    case V8_CALL:
        v8_print(w, s, n->a, nest);
        dbuf_putstr(s, "(...)");
        break;
    case V8_UNARY:
        dbuf_printf(s, "(%s", n->word);
        v8_print(w, s, n->a, nest);
        dbuf_putc(s, ')');
        break;
    case V8_POSTFIX:
        dbuf_putc(s, '(');
        v8_print(w, s, n->a, nest);
        dbuf_printf(s, "%s)", n->word);
        break;
    case V8_BINARY: v8_print_binary(w, s, i, nest); break;
    case V8_ARRAY: case V8_TEMPLATE: v8_print_items(w, s, i, nest); break;
    case V8_EITHER:
        for (k = 0; k < 3; k++)
            dbuf_putstr(s, "(intermediate value)");
        break;
    case V8_OBJECT:
        dbuf_putc(s, '{');
        for (k = 0; k < n->b && k < 100; k++)
            dbuf_putstr(s, "(intermediate value)");
        dbuf_putc(s, '}');
        break;
    default: dbuf_putstr(s, "(intermediate value)"); break;
    }
}

static JSValue v8_throw(JSContext *ctx, JSErrorEnum num, DynBuf *s)
{
    JSStackFrame *sf = ctx->rt->current_stack_frame;
    bool add_backtrace = !sf || JS_GetFunctionBytecode(sf->cur_func) == NULL;
    JSValue obj;

    dbuf_putc(s, '\0');
    obj = JS_MakeError2(ctx, num, add_backtrace,
                        dbuf_error(s) ? "" : (const char *)s->buf);
    dbuf_free(s);
    return JS_Throw(ctx, JS_IsException(obj) ? JS_NULL : obj);
}

/* a data property, looked up without running any code */
static JSValueConst v8_peek_property(JSObject *p, JSAtom atom)
{
    JSShapeProperty *prs;
    JSProperty *pr;

    for (; p && p->class_id != JS_CLASS_PROXY; p = p->shape->proto) {
        prs = find_own_property(&pr, p, atom);
        if (prs && (prs->flags & JS_PROP_TMASK) == JS_PROP_NORMAL)
            return pr->u.value;
        if (prs)
            break;
    }
    return JS_UNDEFINED;
}

static void v8_put_text(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    const char *str = JS_IsString(val) ? JS_ToCString(ctx, val) : NULL;

    if (str)
        dbuf_putstr(s, str);
    JS_FreeCString(ctx, str);
}

static void v8_put_object(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    JSObject *p = JS_VALUE_GET_OBJ(val);
    JSValueConst text = v8_peek_property(p, JS_ATOM_toString), ctor, name;
    JSCFunctionType native = { .generic = js_object_toString };

    if (JS_IsFunction(ctx, val)) {
        JSFunctionBytecode *b = JS_GetFunctionBytecode(val);
        if (b && b->source) {
            dbuf_put(s, (const uint8_t *)b->source, b->source_len);
        } else {
            dbuf_putstr(s, "function ");
            v8_put_text(s, ctx, v8_peek_property(p, JS_ATOM_name));
            dbuf_putstr(s, b ? "() { [code] }" : "() { [native code] }");
        }
    } else if (p->class_id == JS_CLASS_ERROR) {
        v8_put_text(s, ctx, v8_peek_property(p, JS_ATOM_name));
        dbuf_putstr(s, ": ");
        v8_put_text(s, ctx, v8_peek_property(p, JS_ATOM_message));
    } else if (JS_IsUndefined(text) ||
               JS_IsCFunction(ctx, text, native.generic, 0)) {
        ctor = v8_peek_property(p, JS_ATOM_constructor);
        name = JS_IsObject(ctor) ?
            v8_peek_property(JS_VALUE_GET_OBJ(ctor), JS_ATOM_name) : JS_UNDEFINED;
        dbuf_putstr(s, "#<");
        if (JS_IsString(name))
            v8_put_text(s, ctx, name);
        else
            dbuf_putstr(s, "Object");
        dbuf_putc(s, '>');
    } else {
        dbuf_putstr(s, "[object ");
        v8_put_atom(s, ctx, ctx->rt->class_array[p->class_id].class_name);
        dbuf_putc(s, ']');
    }
}

/* what a value is called inside a message: no code of the script may run */
static void v8_put_value(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    JSValue text;

    if (JS_IsSymbol(val)) {
        v8_put_atom(s, ctx, js_symbol_to_atom(ctx, val));
    } else if (JS_IsObject(val)) {
        v8_put_object(s, ctx, val);
    } else {
        text = JS_ToString(ctx, val);
        v8_put_text(s, ctx, text);
        JS_FreeValue(ctx, text);
    }
}

/* "number 5", "string \"x\"", "object null", "undefined", "object" */
static void v8_put_default_site(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    v8_put_atom(s, ctx, js_operator_typeof(ctx, unsafe_unconst(val)));
    if (JS_IsString(val)) {
        dbuf_putstr(s, " \"");
        v8_put_value(s, ctx, val);
        dbuf_putc(s, '"');
    } else if (JS_IsNull(val) || JS_IsBool(val) || JS_IsNumber(val)) {
        dbuf_putc(s, ' ');
        v8_put_value(s, ctx, val);
    }
}

/* the running function if it is the one that throws */
static JSFunctionBytecode *v8_running(JSContext *ctx, uint32_t *pc_end)
{
    JSStackFrame *sf = ctx->rt->current_stack_frame;
    JSFunctionBytecode *b;

    if (!sf || !sf->cur_pc)
        return NULL;
    b = JS_GetFunctionBytecode(sf->cur_func);
    if (b)
        *pc_end = sf->cur_pc - b->byte_code_buf;
    return b;
}

/* index on the walk's stack of what the instruction calls, or -1 */
static int v8_callee(V8Walk *w, bool *is_new)
{
    const uint8_t *pc = w->b->byte_code_buf + w->op_pc;

    *is_new = false;
    switch (pc[0]) {
    case OP_call0: case OP_call1: case OP_call2: case OP_call3:
        return w->depth - 1 - (pc[0] - OP_call0);
    case OP_call: case OP_tail_call: case OP_call_method:
    case OP_tail_call_method:
        return w->depth - 1 - get_u16(pc + 1);
    case OP_call_constructor:
        *is_new = true;
        return w->depth - 2 - get_u16(pc + 1);
    case OP_apply:
        *is_new = get_u16(pc + 1) & 1;
        return w->depth - 3;
    default:
        return -1;
    }
}

/* Throw with a message of V8's shape. %s is a text, %a an atom, %v a pointer to
   a value, %t the same value's text, %f the name of the running native. */
static JSValue v8_throwf(JSContext *ctx, int num, const char *fmt, ...)
{
    JSStackFrame *sf = ctx->rt->current_stack_frame;
    va_list ap;
    DynBuf s;

    js_dbuf_init(ctx, &s);
    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            dbuf_putc(&s, *fmt);
            continue;
        }
        switch (*++fmt) {
        case 's': dbuf_putstr(&s, va_arg(ap, const char *)); break;
        case 'a': v8_put_atom(&s, ctx, va_arg(ap, JSAtom)); break;
        case 'v': v8_put_value(&s, ctx, *va_arg(ap, JSValueConst *)); break;
        case 'f':
            if (sf)
                v8_put_text(&s, ctx, v8_peek_property(JS_VALUE_GET_OBJ(sf->cur_func), JS_ATOM_name));
            break;
        default: dbuf_putc(&s, *fmt); break;
        }
    }
    va_end(ap);
    return v8_throw(ctx, num, &s);
}

/* a failed write or definition, silent outside of strict code */
static bool v8_is_silent(JSContext *ctx, int flags)
{
    return !(flags & JS_PROP_THROW) &&
        !((flags & JS_PROP_THROW_STRICT) && is_strict_mode(ctx));
}

static int v8_read_only(JSContext *ctx, int flags, JSValueConst obj, JSAtom prop)
{
    JSAtom type;

    if (v8_is_silent(ctx, flags))
        return false;
    if (flags & JS_PROP_DEFINE_PROPERTY) {
        v8_throwf(ctx, JS_TYPE_ERROR, "Cannot define property %a, object is not extensible", prop);
        return -1;
    }
    type = js_operator_typeof(ctx, unsafe_unconst(obj));
    v8_throwf(ctx, JS_TYPE_ERROR, "Cannot assign to read only property '%a' of %a '%v'",
              prop, type, &obj);
    return -1;
}

static int v8_not_extensible(JSContext *ctx, int flags, JSAtom prop)
{
    if (v8_is_silent(ctx, flags))
        return false;
    v8_throwf(ctx, JS_TYPE_ERROR, "Cannot %s property %a, object is not extensible",
              flags & JS_PROP_DEFINE_PROPERTY ? "define" : "add", prop);
    return -1;
}

static int v8_no_setter(JSContext *ctx, int flags, JSValueConst obj, JSAtom prop)
{
    if (v8_is_silent(ctx, flags))
        return false;
    v8_throwf(ctx, JS_TYPE_ERROR, "Cannot set property %a of %v which has only a getter",
              prop, &obj);
    return -1;
}

static int v8_not_redefinable(JSContext *ctx, int flags, JSAtom prop)
{
    if (v8_is_silent(ctx, flags))
        return false;
    v8_throwf(ctx, JS_TYPE_ERROR, "Cannot redefine property: %a", prop);
    return -1;
}

/* writing a new property to a primitive value */
static int v8_primitive(JSContext *ctx, int flags, JSValueConst val, JSAtom prop)
{
    JSAtom type;

    if (v8_is_silent(ctx, flags))
        return false;
    type = js_operator_typeof(ctx, unsafe_unconst(val));
    if (JS_VALUE_GET_TAG(val) == JS_TAG_STRING && __JS_AtomIsTaggedInt(prop) &&
        __JS_AtomToUInt32(prop) < JS_VALUE_GET_STRING(val)->len)
        return v8_read_only(ctx, flags, val, prop);
    v8_throwf(ctx, JS_TYPE_ERROR, "Cannot create property '%a' on %a '%v'",
              prop, type, &val);
    return -1;
}

static JSValue v8_throw_receiver(JSContext *ctx, int class_id, JSValueConst obj)
{
    JSStackFrame *sf = ctx->rt->current_stack_frame;
    JSValueConst name = JS_UNDEFINED;
    const char *str = NULL, *get = "", *rest;

    if (sf)
        name = v8_peek_property(JS_VALUE_GET_OBJ(sf->cur_func), JS_ATOM_name);
    if (JS_IsString(name))
        str = JS_ToCString(ctx, name);
    rest = str ? str : "";
    if (!strncmp(rest, "get ", 4)) {
        get = "get ";
        rest += 4;
    }
    v8_throwf(ctx, JS_TYPE_ERROR, "Method %s%a.prototype.%s called on incompatible receiver %v",
              get, ctx->rt->class_array[class_id].class_name, rest, &obj);
    JS_FreeCString(ctx, str);
    return JS_EXCEPTION;
}

/* the name under which 'p' holds 'val', JS_ATOM_NULL if it does not */
static JSAtom v8_key_of(JSContext *ctx, JSObject *p, JSValueConst val)
{
    JSShapeProperty *prs = get_shape_prop(p->shape);
    JSObject *want = JS_VALUE_GET_OBJ(val);
    uint32_t i;

    if (p->fast_array && p->class_id == JS_CLASS_ARRAY) {
        for (i = 0; i < p->u.array.count; i++) {
            if (JS_IsObject(p->u.array.u.values[i]) &&
                JS_VALUE_GET_OBJ(p->u.array.u.values[i]) == want)
                return __JS_AtomFromUInt32(i);
        }
    }
    for (i = 0; i < p->shape->prop_count; i++, prs++) {
        if (prs->atom != JS_ATOM_NULL &&
            (prs->flags & JS_PROP_TMASK) == JS_PROP_NORMAL &&
            JS_IsObject(p->prop[i].u.value) &&
            JS_VALUE_GET_OBJ(p->prop[i].u.value) == want)
            return prs->atom;
    }
    return JS_ATOM_NULL;
}

static void v8_put_key(DynBuf *s, JSContext *ctx, JSAtom key)
{
    if (key != JS_ATOM_NULL && __JS_AtomIsTaggedInt(key)) {
        dbuf_printf(s, "index %u", __JS_AtomToUInt32(key));
        return;
    }
    dbuf_putstr(s, "property '");
    if (key != JS_ATOM_NULL)
        v8_put_atom(s, ctx, key);
    dbuf_putc(s, '\'');
}

static void v8_put_constructor(DynBuf *s, JSContext *ctx, JSValueConst val)
{
    JSValueConst ctor = v8_peek_property(JS_VALUE_GET_OBJ(val), JS_ATOM_constructor);
    JSValueConst name = JS_IsObject(ctor) ?
        v8_peek_property(JS_VALUE_GET_OBJ(ctor), JS_ATOM_name) : JS_UNDEFINED;

    dbuf_putstr(s, "object with constructor '");
    if (JS_IsString(name))
        v8_put_text(s, ctx, name);
    else
        dbuf_putstr(s, "Object");
    dbuf_putc(s, '\'');
}

/* JSON.stringify(): 'val' is met again inside of itself; 'stack' is the array
   of the objects that are being written */
static JSValue v8_throw_circular(JSContext *ctx, JSValueConst stack, JSValueConst val)
{
    JSObject *p = JS_VALUE_GET_OBJ(stack);
    JSValue *tab = p->u.array.u.values;
    uint32_t count = p->fast_array ? p->u.array.count : 0, first = 0, i;
    DynBuf s;

    js_dbuf_init(ctx, &s);
    dbuf_putstr(&s, "Converting circular structure to JSON");
    while (first < count && JS_VALUE_GET_OBJ(tab[first]) != JS_VALUE_GET_OBJ(val))
        first++;
    if (first < count) {
        dbuf_putstr(&s, "\n    --> starting at ");
        v8_put_constructor(&s, ctx, val);
        for (i = first + 1; i < count; i++) {
            if (i > first + 2 && i + 1 < count) {
                if (i == first + 3)
                    dbuf_putstr(&s, "\n    |     ...");
                continue;
            }
            dbuf_putstr(&s, "\n    |     ");
            v8_put_key(&s, ctx, v8_key_of(ctx, JS_VALUE_GET_OBJ(tab[i - 1]), tab[i]));
            dbuf_putstr(&s, " -> ");
            v8_put_constructor(&s, ctx, tab[i]);
        }
        dbuf_putstr(&s, "\n    --- ");
        v8_put_key(&s, ctx, v8_key_of(ctx, JS_VALUE_GET_OBJ(tab[count - 1]), val));
        dbuf_putstr(&s, " closes the circle");
    }
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

/* reading or writing a property of undefined or null */
static JSValue v8_throw_property(JSContext *ctx, JSValueConst val, JSAtom prop,
                                 bool setting)
{
    const char *name = JS_IsNull(val) ? "null" : "undefined";
    DynBuf s;

    if (prop == JS_ATOM_Symbol_iterator && !setting)
        return JS_ThrowTypeError(ctx, "%s is not iterable (cannot read property "
                                 "Symbol(Symbol.iterator))", name);
    js_dbuf_init(ctx, &s);
    dbuf_printf(&s, "Cannot %s properties of %s (%s '", setting ? "set" : "read",
                name, setting ? "setting" : "reading");
    v8_put_atom(&s, ctx, prop);
    dbuf_putstr(&s, "')");
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

/* the same for a computed key; an array as key goes unnamed */
static JSValue v8_throw_element(JSContext *ctx, JSValueConst val,
                                JSValueConst key, bool setting)
{
    DynBuf s;

    js_dbuf_init(ctx, &s);
    dbuf_printf(&s, "Cannot %s properties of %s (%s '", setting ? "set" : "read",
                JS_IsNull(val) ? "null" : "undefined",
                setting ? "setting" : "reading");
    v8_put_value(&s, ctx, key);
    dbuf_putstr(&s, "')");
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

static JSValue v8_throw_not_callable(JSContext *ctx, JSValueConst val,
                                     bool constructor)
{
    uint32_t pc_end;
    JSFunctionBytecode *b = v8_running(ctx, &pc_end);
    bool is_new = constructor, found = false;
    DynBuf s;
    V8Walk w;
    int i;

    js_dbuf_init(ctx, &s);
    if (b) {
        if (v8_walk(&w, ctx, b, pc_end)) {
            i = v8_callee(&w, &is_new);
            if (i >= 0 && i < w.depth) {
                v8_print(&w, &s, w.stack[i], 0);
                found = true;
            } else {
                is_new = constructor;
            }
        }
        v8_walk_free(&w);
    }
    if (!found)
        v8_put_value(&s, ctx, val);
    dbuf_putstr(&s, is_new ? " is not a constructor" : " is not a function");
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

/* does the array that OP_append fills become the arguments of a call? */
static bool v8_spreads_arguments(V8Walk *w)
{
    const uint8_t *code = w->b->byte_code_buf;
    uint32_t pc = w->op_pc, len = w->b->byte_code_len;
    int depth = 3, op, steps;

    /* the array lies under the position and the value; a callee with its
       receiver is moved above it by perm3 */
    for (steps = 0; pc < len && steps < 1000; steps++) {
        const JSOpCode *oi;
        op = code[pc];
        oi = &short_opcode_info(op);
        if (depth == 1 && (op == OP_apply || op == OP_apply_eval || op == OP_perm3))
            return true;
        depth -= oi->n_pop;
        if (oi->fmt == OP_FMT_npop || oi->fmt == OP_FMT_npop_u16)
            depth -= get_u16(code + pc + 1);
        if (op >= OP_call0 && op <= OP_call3)
            depth -= op - OP_call0;
        if (depth < 0 || (depth == 0 && op != OP_append && op != OP_define_array_el))
            return false;
        depth += oi->n_push;
        pc += oi->size;
    }
    return false;
}

static bool v8_is_nullish(JSValueConst val)
{
    return JS_IsUndefined(val) || JS_IsNull(val);
}

/* the message for a spread in a call's arguments */
static void v8_put_bad_spread(V8Walk *w, DynBuf *s, JSValueConst val)
{
    if (v8_is_nullish(val)) {
        v8_print(w, s, v8_peek(w, 0), 0);
        dbuf_printf(s, " is not iterable (cannot read property %s)",
                    JS_IsNull(val) ? "null" : "undefined");
    } else {
        dbuf_putstr(s, "Spread syntax requires ...iterable[Symbol.iterator] "
                    "to be a function");
    }
}

/* is the value decided by "||", "&&", "??" or "?."? */
static bool v8_is_conditional(V8Walk *w, V8Node *n)
{
    if (n->kind == V8_BINARY)
        return !strcmp(n->word, "||") || !strcmp(n->word, "&&") ||
            !strcmp(n->word, "??");
    while (n->kind == V8_FIELD || n->kind == V8_ELEMENT) {
        if (n->optional)
            return true;
        n = &w->nodes[n->a];
    }
    return n->kind == V8_EITHER;
}

static bool v8_put_not_iterable(V8Walk *w, DynBuf *s, JSValueConst val,
                                bool is_async)
{
    const uint8_t *pc = w->b->byte_code_buf + w->op_pc;
    int top = v8_peek(w, 0);
    V8Node *n = &w->nodes[top];
    bool pattern = pc[0] == OP_for_of_start &&
        (pc[1] == OP_for_of_next || w->op_pc + 1 == (uint32_t)w->b->byte_code_len ||
         !(pc[1] == OP_goto || pc[1] == OP_goto8 || pc[1] == OP_goto16));

    if (pc[0] == OP_append && v8_spreads_arguments(w)) {
        v8_put_bad_spread(w, s, val);
        return true;
    }
    if (pc[0] != OP_append && pc[0] != OP_for_of_start &&
        pc[0] != OP_for_await_of_start)
        return false;
    if (pattern && n->kind != V8_NAME && n->kind != V8_WORD &&
        n->kind != V8_OBJECT && n->kind != V8_INT && n->kind != V8_AWAIT)
        return false;
    if (n->part || (n->kind == V8_UNKNOWN && n->atom == JS_ATOM_NULL && pattern))
        return false;
    if (pc[0] != OP_append && v8_is_conditional(w, n))
        return false;
    if (n->kind == V8_CALL || n->kind == V8_NEW) {
        v8_print(w, s, n->a, 0);
        dbuf_putstr(s, " is not a function or its return value is not");
    } else {
        v8_print(w, s, top, 0);
        dbuf_putstr(s, " is not");
    }
    dbuf_putstr(s, is_async ? " async iterable" : " iterable");
    return true;
}

static JSValue v8_throw_not_iterable(JSContext *ctx, JSValueConst val,
                                     bool is_async)
{
    uint32_t pc_end;
    JSFunctionBytecode *b = v8_running(ctx, &pc_end);
    bool found = false;
    DynBuf s;
    V8Walk w;

    js_dbuf_init(ctx, &s);
    if (b) {
        if (v8_walk(&w, ctx, b, pc_end))
            found = v8_put_not_iterable(&w, &s, val, is_async);
        v8_walk_free(&w);
    }
    if (!found) {
        v8_put_default_site(&s, ctx, val);
        dbuf_putstr(&s, is_async ? " is not async iterable" :
                    " is not iterable (cannot read property Symbol(Symbol.iterator))");
    }
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

/* the first property that a pattern takes, read ahead in the bytecode */
static JSAtom v8_first_taken(JSFunctionBytecode *b, uint32_t pc)
{
    const uint8_t *code = b->byte_code_buf;
    int steps;

    for (steps = 0; steps < 8 && pc < (uint32_t)b->byte_code_len; steps++) {
        int op = code[pc];
        switch (op) {
        case OP_get_field: case OP_get_field2: case OP_define_field:
            return get_u32(code + pc + 1);
        case OP_get_length: return JS_ATOM_length;
        case OP_object: case OP_swap: case OP_null: case OP_dup:
        case OP_get_arg: case OP_get_arg0: case OP_get_arg1:
        case OP_get_arg2: case OP_get_arg3: case OP_get_loc:
        case OP_get_loc8: case OP_get_loc0: case OP_get_loc1:
        case OP_get_loc2: case OP_get_loc3: case OP_get_var_ref0:
        case OP_get_var_ref1: case OP_get_loc_check: case OP_get_var_ref_check:
            break;
        default:
            return JS_ATOM_NULL;
        }
        pc += short_opcode_info(op).size;
    }
    return JS_ATOM_NULL;
}

static void v8_put_part(DynBuf *s, JSContext *ctx, JSValueConst val, JSAtom key)
{
    dbuf_printf(s, "Cannot read properties of %s",
                JS_IsNull(val) ? "null" : "undefined");
    if (key != JS_ATOM_NULL) {
        dbuf_putstr(s, " (reading '");
        v8_put_atom(s, ctx, key);
        dbuf_putstr(s, "')");
    }
}

static JSValue v8_throw_destructure(JSContext *ctx, JSValueConst val)
{
    uint32_t pc_end;
    JSFunctionBytecode *b = v8_running(ctx, &pc_end);
    JSAtom key = JS_ATOM_NULL;
    V8Node *n = NULL;
    DynBuf s;
    V8Walk w;

    js_dbuf_init(ctx, &s);
    if (b) {
        key = v8_first_taken(b, pc_end);
        if (v8_walk(&w, ctx, b, pc_end))
            n = &w.nodes[v8_peek(&w, 0)];
        if (n && n->part) {
            v8_put_part(&s, ctx, val, key);
            goto done;
        }
    }
    dbuf_putstr(&s, "Cannot destructure ");
    if (key != JS_ATOM_NULL) {
        dbuf_putstr(&s, "property '");
        v8_put_atom(&s, ctx, key);
        dbuf_putstr(&s, "' of ");
    }
    dbuf_putc(&s, '\'');
    if (n && !(n->kind == V8_UNKNOWN && n->atom == JS_ATOM_NULL))
        v8_print(&w, &s, n - w.nodes, 0);
    else if (n && n->kind == V8_AWAIT)
        dbuf_putstr(&s, "(intermediate value)");
    else
        v8_put_default_site(&s, ctx, val);
    dbuf_printf(&s, "' as it is %s.", JS_IsNull(val) ? "null" : "undefined");
 done:
    if (b)
        v8_walk_free(&w);
    return v8_throw(ctx, JS_TYPE_ERROR, &s);
}

/* JSON.parse(): the text is read again, only to find what V8 would say */
typedef struct {
    JSContext *ctx;
    JSString *p;
    uint32_t len, pos;
    DynBuf s;
    bool failed;
} V8Json;

static int v8_json_char(V8Json *j)
{
    return j->pos < j->len ? string_get(j->p, j->pos) : -1;
}

static bool v8_json_fail(V8Json *j, const char *message)
{
    if (!j->failed)
        dbuf_printf(&j->s, "%s in JSON at position %u", message, j->pos);
    j->failed = true;
    return false;
}

static void v8_json_put(V8Json *j, uint32_t from, uint32_t to)
{
    JSValue part = js_sub_string(j->ctx, j->p, from, to);

    v8_put_text(&j->s, j->ctx, part);
    JS_FreeValue(j->ctx, part);
}

static bool v8_json_is(V8Json *j, const char *text)
{
    uint32_t i;

    for (i = 0; text[i]; i++) {
        if (i >= j->len || string_get(j->p, i) != (uint8_t)text[i])
            return false;
    }
    return i == j->len;
}

/* a character that cannot stand where it is */
static bool v8_json_unexpected(V8Json *j)
{
    const uint32_t around = 10;
    int c = v8_json_char(j);
    uint32_t from = 0, to = j->len;

    if (j->failed)
        return false;
    if (c < 0) {
        dbuf_putstr(&j->s, "Unexpected end of JSON input");
    } else if (c == '-' || is_digit(c)) {
        return v8_json_fail(j, "Unexpected number");
    } else if (c == '"') {
        return v8_json_fail(j, "Unexpected string");
    } else if (v8_json_is(j, "undefined") || v8_json_is(j, "NaN") ||
               v8_json_is(j, "Infinity") || v8_json_is(j, "[object Object]")) {
        dbuf_putc(&j->s, '"');
        v8_json_put(j, 0, j->len);
        dbuf_putstr(&j->s, "\" is not valid JSON");
    } else {
        if (j->len > 2 * around) {
            if (j->pos >= around)
                from = j->pos - around;
            if (j->pos < around || j->pos < j->len - around)
                to = j->pos + around;
        }
        dbuf_putstr(&j->s, "Unexpected token '");
        v8_json_put(j, j->pos, j->pos + 1);
        dbuf_putstr(&j->s, from > 0 ? "', ...\"" : "', \"");
        v8_json_put(j, from, to);
        dbuf_putstr(&j->s, to < j->len ? "\"... is not valid JSON" : "\" is not valid JSON");
    }
    j->failed = true;
    return false;
}

static void v8_json_space(V8Json *j)
{
    int c = v8_json_char(j);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        j->pos++;
        c = v8_json_char(j);
    }
}

static bool v8_json_escape(V8Json *j)
{
    int c = v8_json_char(j), i;

    if (c < 0)
        return v8_json_unexpected(j);
    if (c != 'u') {
        if (!c || c > 127 || !strchr("\"\\/bfnrt", c))
            return v8_json_fail(j, "Bad escaped character");
        j->pos++;
        return true;
    }
    j->pos++;
    for (i = 0; i < 4; i++, j->pos++) {
        c = v8_json_char(j);
        if (c < 0 || c > 127 || from_hex(c) < 0)
            return v8_json_fail(j, "Bad Unicode escape");
    }
    return true;
}

static bool v8_json_string(V8Json *j)
{
    int c;

    for (j->pos++;;) {
        c = v8_json_char(j);
        if (c < 0)
            return v8_json_fail(j, "Unterminated string");
        if (c < 0x20)
            return v8_json_fail(j, "Bad control character in string literal");
        j->pos++;
        if (c == '"')
            return true;
        if (c == '\\' && !v8_json_escape(j))
            return false;
    }
}

static bool v8_json_digits(V8Json *j, const char *missing)
{
    if (!is_digit(v8_json_char(j)))
        return v8_json_fail(j, missing);
    while (is_digit(v8_json_char(j)))
        j->pos++;
    return true;
}

static bool v8_json_number(V8Json *j)
{
    int c;

    if (v8_json_char(j) == '-') {
        j->pos++;
        if (!is_digit(v8_json_char(j)))
            return v8_json_fail(j, "No number after minus sign");
    }
    if (v8_json_char(j) == '0') {
        j->pos++;
        if (is_digit(v8_json_char(j)))
            return v8_json_fail(j, "Unexpected number");
    }
    while (is_digit(v8_json_char(j)))
        j->pos++;
    if (v8_json_char(j) == '.') {
        j->pos++;
        if (!v8_json_digits(j, "Unterminated fractional number"))
            return false;
    }
    c = v8_json_char(j);
    if (c == 'e' || c == 'E') {
        j->pos++;
        c = v8_json_char(j);
        if (c == '+' || c == '-')
            j->pos++;
        return v8_json_digits(j, "Exponent part is missing a number");
    }
    return true;
}

static bool v8_json_word(V8Json *j, const char *word)
{
    for (; *word; word++, j->pos++) {
        if (v8_json_char(j) != (uint8_t)*word)
            return v8_json_unexpected(j);
    }
    return true;
}

static bool v8_json_value(V8Json *j);

static bool v8_json_members(V8Json *j)
{
    bool first = true;

    for (j->pos++;; j->pos++) {
        v8_json_space(j);
        if (first && v8_json_char(j) == '}')
            break;
        if (v8_json_char(j) != '"')
            return v8_json_fail(j, first ? "Expected property name or '}'" :
                                "Expected double-quoted property name");
        first = false;
        if (!v8_json_string(j))
            return false;
        v8_json_space(j);
        if (v8_json_char(j) != ':')
            return v8_json_fail(j, "Expected ':' after property name");
        j->pos++;
        if (!v8_json_value(j))
            return false;
        v8_json_space(j);
        if (v8_json_char(j) == '}')
            break;
        if (v8_json_char(j) != ',')
            return v8_json_fail(j, "Expected ',' or '}' after property value");
    }
    j->pos++;
    return true;
}

static bool v8_json_elements(V8Json *j)
{
    j->pos++;
    v8_json_space(j);
    if (v8_json_char(j) == ']') {
        j->pos++;
        return true;
    }
    for (;; j->pos++) {
        if (!v8_json_value(j))
            return false;
        v8_json_space(j);
        if (v8_json_char(j) == ']')
            break;
        if (v8_json_char(j) != ',')
            return v8_json_fail(j, "Expected ',' or ']' after array element");
    }
    j->pos++;
    return true;
}

static bool v8_json_value(V8Json *j)
{
    int c;

    if (js_check_stack_overflow(j->ctx->rt, 0))
        return false;
    v8_json_space(j);
    c = v8_json_char(j);
    switch (c) {
    case '{': return v8_json_members(j);
    case '[': return v8_json_elements(j);
    case '"': return v8_json_string(j);
    case 't': return v8_json_word(j, "true");
    case 'f': return v8_json_word(j, "false");
    case 'n': return v8_json_word(j, "null");
    default:
        if (c == '-' || is_digit(c))
            return v8_json_number(j);
        return v8_json_unexpected(j);
    }
}

/* replace the pending SyntaxError of the parser */
static void v8_rethrow_json(JSContext *ctx, JSValueConst text)
{
    JSValueConst pending = ctx->rt->current_exception;
    V8Json j;

    if (!JS_IsObject(pending) || !JS_IsString(text) ||
        JS_VALUE_GET_OBJ(pending)->shape->proto !=
        JS_VALUE_GET_OBJ(ctx->native_error_proto[JS_SYNTAX_ERROR]))
        return;
    memset(&j, 0, sizeof(j));
    js_dbuf_init(ctx, &j.s);
    j.ctx = ctx;
    j.p = JS_VALUE_GET_STRING(text);
    j.len = j.p->len;
    if (v8_json_value(&j)) {
        v8_json_space(&j);
        if (j.pos < j.len) {
            dbuf_printf(&j.s, "Unexpected non-whitespace character after JSON at position %u", j.pos);
            j.failed = true;
        }
    }
    if (j.failed)
        v8_throw(ctx, JS_SYNTAX_ERROR, &j.s);
    else
        dbuf_free(&j.s);
}

/* V8's words for what libregexp says */
static const char *v8_regexp_message(const char *msg)
{
    static const struct { const char *ours, *theirs; } words[] = {
        { "expecting ')'", "Unterminated group" },
        { "extraneous characters at the end", "Unmatched ')'" },
        { "nothing to repeat", "Nothing to repeat" },
        { "invalid repetition count", "numbers out of order in {} quantifier" },
        { "invalid class range", "Range out of order in character class" },
        { "duplicate group name", "Duplicate capture group name" },
        { "invalid group name", "Invalid capture group name" },
        { "expecting group name", "Invalid named reference" },
        { "group name not defined", "Invalid named capture referenced" },
        { "invalid group", "Invalid group" },
        { "unknown unicode", "Invalid property name" },
        { "expecting '{' after \\p", "Invalid property name" },
        { "invalid decimal escape", "Invalid decimal escape" },
        { "back reference out of range", "Invalid escape" },
        { "invalid escape sequence", "Invalid escape" },
        { "invalid class set operation", "Invalid set operation in character class" },
        { "invalid operation", "Invalid set operation in character class" },
        { "invalid character in class", "Invalid character in character class" },
        { "syntax error", "Lone quantifier brackets" },
        { "too many captures", "Too many captures" },
        { "stack overflow", "Regular expression too large" },
    };
    size_t i;

    for (i = 0; i < countof(words); i++) {
        if (!strncmp(msg, words[i].ours, strlen(words[i].ours)))
            return words[i].theirs;
    }
    return msg;
}

static JSValue v8_throw_regexp(JSContext *ctx, JSValueConst pattern,
                               JSValueConst flags, const char *msg)
{
    JSString *p = JS_VALUE_GET_STRING(pattern);
    uint32_t i;
    bool open = false;

    if (!strcmp(msg, "unexpected end")) {
        for (i = 0; i < p->len; i++) {
            int c = string_get(p, i);
            if (c == '\\')
                i++;
            else if (c == '[')
                open = true;
            else if (c == ']')
                open = false;
        }
        msg = open ? "Unterminated character class" : "\\ at end of pattern";
    } else {
        msg = v8_regexp_message(msg);
    }
    if (JS_IsString(flags))
        return v8_throwf(ctx, JS_SYNTAX_ERROR, "Invalid regular expression: /%v/%v: %s",
                         &pattern, &flags, msg);
    return v8_throwf(ctx, JS_SYNTAX_ERROR, "Invalid regular expression: /%v/: %s",
                     &pattern, msg);
}

/* "Name: message" and the frames; 'frames' is freed */
static JSValue v8_stack_text(JSContext *ctx, JSObject *p, JSValue frames)
{
    JSValueConst name = v8_peek_property(p, JS_ATOM_name);
    JSValueConst message = v8_peek_property(p, JS_ATOM_message);
    size_t before, at;
    JSValue ret;
    DynBuf s;

    js_dbuf_init(ctx, &s);
    if (JS_IsString(name))
        v8_put_text(&s, ctx, name);
    else
        dbuf_putstr(&s, "Error");
    before = s.size;
    if (before > 0)
        dbuf_putstr(&s, ": ");
    at = s.size;
    v8_put_text(&s, ctx, message);
    if (s.size == at)
        s.size = before;
    v8_put_text(&s, ctx, frames);
    JS_FreeValue(ctx, frames);
    ret = dbuf_error(&s) ? JS_NULL : JS_NewStringLen(ctx, (char *)s.buf, s.size);
    dbuf_free(&s);
    return JS_IsException(ret) ? JS_NULL : ret;
}

/* The word before the token that the parser stands at. */
static bool v8_after_word(JSParseState *s, const char *word)
{
    const uint8_t *p = s->token.ptr;
    size_t len = strlen(word);

    while (p > s->buf_start && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    if ((size_t)(p - s->buf_start) < len || memcmp(p - len, word, len))
        return false;
    p -= len;
    return p == s->buf_start || !(lre_js_is_ident_next(p[-1]) || p[-1] == '.');
}

static void v8_put_unexpected(DynBuf *s, JSParseState *parser)
{
    JSToken *token = &parser->token;

    switch (token->val) {
    case TOK_EOF: dbuf_putstr(s, "Unexpected end of input"); break;
    case TOK_NUMBER: dbuf_putstr(s, "Unexpected number"); break;
    case TOK_STRING: dbuf_putstr(s, "Unexpected string"); break;
    case TOK_TEMPLATE: dbuf_putstr(s, "Unexpected template string"); break;
    case TOK_ERROR: dbuf_putstr(s, "Invalid or unexpected token"); break;
    case TOK_IDENT:
        dbuf_putstr(s, "Unexpected identifier '");
        v8_put_atom(s, parser->ctx, token->u.ident.atom);
        dbuf_putc(s, '\'');
        break;
    case TOK_ENUM: dbuf_putstr(s, "Unexpected reserved word"); break;
    default:
        if (token->val == '@' || token->val == '\\') {
            dbuf_putstr(s, "Invalid or unexpected token");
            break;
        }
        dbuf_putstr(s, "Unexpected token '");
        if (parser->buf_ptr > token->ptr)
            dbuf_put(s, token->ptr, parser->buf_ptr - token->ptr);
        dbuf_putc(s, '\'');
        break;
    }
}

/* V8's words for a syntax error; false: it stays as it is */
static bool v8_throw_parse_error(JSParseState *parser, const char *fmt, va_list ap)
{
    static const struct { const char *ours, *theirs; } words[] = {
        /* without words: the token is unexpected */
        { "expecting '", NULL }, { "unexpected token in expression", NULL },
        { "expecting field name", NULL }, { "variable name expected", NULL },
        { "unsupported keyword", NULL }, { "invalid switch statement", NULL },
        { "class statement requires a name", NULL }, { "Unexpected ", NULL },
        { "invalid property name", NULL }, { "identifier expected", NULL },
        { "expected 'of' or 'in'", NULL }, { "cannot mix ??", NULL },
        { "unexpected character", "Invalid or unexpected token" },
        { "unexpected end of string", "Invalid or unexpected token" },
        { "invalid number literal", "Invalid or unexpected token" },
        { "unexpected end of comment", "Invalid or unexpected token" },
        { "missing initializer for variable", "Missing initializer in const declaration" },
        { "expecting catch or finally", "Missing catch or finally after try" },
        { "break must be inside", "Illegal break statement" },
        { "continue must be inside", "Illegal continue statement: no surrounding iteration statement" },
        { "invalid assignment left-hand side", "Invalid left-hand side in assignment" },
        { "invalid increment/decrement operand", "Invalid left-hand side expression in postfix operation" },
        { "invalid for in/of left hand-side", "Invalid left-hand side in for-loop" },
        { "invalid destructuring target", "Invalid destructuring assignment target" },
        { "function name expected", "Function statements require a function name" },
        { "line terminator not allowed after throw", "Illegal newline after throw" },
        { "unexpected line terminator in regexp", "Invalid regular expression: missing /" },
        { "unexpected end of regexp", "Invalid regular expression: missing /" },
        { "super() is only", "'super' keyword unexpected here" },
        { "'super' is only", "'super' keyword unexpected here" },
        { "property constructor appears", "A class may only have one constructor" },
        { "'let' is not a valid", "let is disallowed as a lexically bound name" },
        { "import.meta only valid", "Cannot use 'import.meta' outside a module" },
        { "invalid keyword: with", "Strict mode code may not include a with statement" },
        { "cannot delete a direct reference", "Delete of an unqualified identifier in strict mode." },
        { "invalid lvalue in strict mode", "Unexpected eval or arguments in strict mode" },
        { "duplicate __proto__", "Duplicate __proto__ fields are not allowed in object literals" },
        { "unparenthesized unary", "Unary operator used immediately before exponentiation expression. "
          "Parenthesis must be used to disambiguate operator precedence" },
    };
    DynBuf s;
    size_t i;

    for (i = 0; i < countof(words); i++) {
        if (!strncmp(fmt, words[i].ours, strlen(words[i].ours)))
            break;
    }
    if (i == countof(words))
        return false;
    js_dbuf_init(parser->ctx, &s);
    if (words[i].theirs)
        dbuf_putstr(&s, words[i].theirs);
    else if (v8_after_word(parser, "await"))
        dbuf_putstr(&s, "await is only valid in async functions and the top level bodies of modules");
    else if (v8_after_word(parser, "import"))
        dbuf_putstr(&s, "Cannot use import statement outside a module");
    else
        v8_put_unexpected(&s, parser);
    dbuf_putc(&s, '\0');
    JS_Throw(parser->ctx, JS_MakeError2(parser->ctx, JS_SYNTAX_ERROR, false,
                                        dbuf_error(&s) ? "" : (const char *)s.buf));
    dbuf_free(&s);
    return true;
}
