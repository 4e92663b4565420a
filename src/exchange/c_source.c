#include "exchange/c_source.h"

#include "core/text.h"
#include "core/version.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_A_LINE 8
#define NAME_SIZE 80

/// What is written, and how.
typedef struct Writer {
    FILE *out;
    const SdqnPortable *portable;
    const char *name;
} Writer;

SdqnStatus sdqn_c_source_check_name(const char *name, SdqnError *error) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const size_t length = strspn(name, allowed);
    if (strspn(name, letters) > 0 && length <= SDQN_C_NAME_MAX && name[length] == '\0') return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "name %.80s: must be a letter and at most %d more letters, digits or _", name,
                          SDQN_C_NAME_MAX - 1);
}

// ---- which helpers a file needs -------------------------------------------------------------------------------------------------

static bool has_kind(const SdqnPortable *portable, SdqnNodeKind kind) {
    for (int n = 0; n < portable->num_networks; n++) {
        const SdqnGraph *graph = portable->networks[n].graph;
        for (int i = 0; i < graph->num_nodes; i++) {
            if (graph->nodes[i].kind == kind) return true;
        }
    }
    return false;
}

static bool has_relu(const SdqnPortable *portable) {
    for (int n = 0; n < portable->num_networks; n++) {
        const SdqnGraph *graph = portable->networks[n].graph;
        for (int i = 0; i < graph->num_nodes; i++) {
            if (graph->nodes[i].relu) return true;
        }
    }
    return false;
}

static bool has_support(const SdqnPortable *portable) {
    for (int n = 0; n < portable->num_networks; n++) {
        if (portable->networks[n].support) return true;
    }
    return false;
}

// ---- text -----------------------------------------------------------------------------------------------------------------------

static const char LINEAR[] =
    "/* y = W x + b, weight [in, out]: for each output one chain of fmaf, inputs ascending, begun with the bias. Zeros may be skipped. */\n"
    "static void linear(const float *restrict x, const float *restrict weight, const float *restrict bias, int in, int out, int "
    "skip_zeros,\n"
    "                   float *restrict y) {\n"
    "    for (int o = 0; o < out; o++) y[o] = bias[o];\n"
    "    for (int k = 0; k < in; k++) {\n"
    "        if (skip_zeros && x[k] == 0.0f) continue;\n"
    "        for (int o = 0; o < out; o++) y[o] = fmaf(x[k], weight[(long)k * out + o], y[o]);\n"
    "    }\n"
    "}\n\n";

static const char RELU[] = "static void relu(float *x, int size) {\n"
                           "    for (int j = 0; j < size; j++) x[j] = x[j] > 0.0f ? x[j] : 0.0f;\n"
                           "}\n\n";

// Where a product is followed by a sum, a compiler may make one fma of both, gcc whatever a pragma says.
static const char TIMES[] = "/* x * y, rounded by itself: compilers may join a product and a sum, but not through a volatile. */\n"
                            "static float times(float x, float y) {\n"
                            "    volatile float product = x * y;\n"
                            "    return product;\n"
                            "}\n\n";

static const char TIMES_DOUBLE[] = "/* x * y, rounded by itself, in double. */\n"
                                   "static double times2(double x, double y) {\n"
                                   "    volatile double product = x * y;\n"
                                   "    return product;\n"
                                   "}\n\n";

static const char NORM[] = "/* Sum of 16 partial sums, joined by a tree. */\n"
                           "static float join(float partial[16]) {\n"
                           "    for (int half = 8; half > 0; half /= 2) {\n"
                           "        for (int i = 0; i < half; i++) partial[i] += partial[i + half];\n"
                           "    }\n"
                           "    return partial[0];\n"
                           "}\n\n"
                           "/* LayerNorm. */\n"
                           "static void norm(const float *x, const float *scale, const float *shift, int size, float *y) {\n"
                           "    float sums[16] = {0.0f}, squares[16] = {0.0f};\n"
                           "    for (int j = 0; j < size; j++) sums[j % 16] += x[j];\n"
                           "    const float mean = join(sums) / (float)size;\n"
                           "    for (int j = 0; j < size; j++) squares[j % 16] += times(x[j] - mean, x[j] - mean);\n"
                           "    const float inverse = 1.0f / sqrtf(join(squares) / (float)size + 1e-5f);\n"
                           "    for (int j = 0; j < size; j++) y[j] = times(times(x[j] - mean, inverse), scale[j]) + shift[j];\n"
                           "}\n\n";

static const char ADD[] = "static void add(const float *x, const float *other, int size, float *y) {\n"
                          "    for (int j = 0; j < size; j++) y[j] = x[j] + other[j];\n"
                          "}\n\n";

static const char DUEL[] =
    "/* A state value and advantages: y[a] = value + advantage[a] - mean advantage, for each of `values` values. */\n"
    "static void duel(const float *advantage, const float *value, int actions, int values, float *y) {\n"
    "    for (int j = 0; j < values; j++) {\n"
    "        float sum = 0.0f;\n"
    "        for (int a = 0; a < actions; a++) sum += advantage[a * values + j];\n"
    "        const float shift = value[j] - sum / (float)actions;\n"
    "        for (int a = 0; a < actions; a++) y[a * values + j] = advantage[a * values + j] + shift;\n"
    "    }\n"
    "}\n\n";

// The sequence of operations of sdqn_exp in core/dmath.c, for arguments that are not positive.
static const char EXPECTED[] =
    "/* e^x for x <= 0: x = k ln 2 + r, series of e^r. The C library's exp may have other last bits. */\n"
    "static double power(double x) {\n"
    "    if (x != x) return x;\n"
    "    if (x < -746.0) return 0.0;\n"
    "    const int k = (int)(times2(x, 0x1.71547652b82fep+0) + (x < 0.0 ? -0.5 : 0.5));\n"
    "    const double a = x - times2(k, 0x1.62e42feep-1), b = -times2(k, 0x1.a39ef35793c76p-33);\n"
    "    const double t = a + b, b_part = t - a, low = (a - (t - b_part)) + (b - b_part);\n"
    "    double series = 0x1.93974a8c07c9dp-37;\n"
    "    series = 0x1.6124613a86d09p-33 + times2(t, series);\n"
    "    series = 0x1.1eed8eff8d898p-29 + times2(t, series);\n"
    "    series = 0x1.ae64567f544e4p-26 + times2(t, series);\n"
    "    series = 0x1.27e4fb7789f5cp-22 + times2(t, series);\n"
    "    series = 0x1.71de3a556c734p-19 + times2(t, series);\n"
    "    series = 0x1.a01a01a01a01ap-16 + times2(t, series);\n"
    "    series = 0x1.a01a01a01a01ap-13 + times2(t, series);\n"
    "    series = 0x1.6c16c16c16c17p-10 + times2(t, series);\n"
    "    series = 0x1.1111111111111p-7 + times2(t, series);\n"
    "    series = 0x1.5555555555555p-5 + times2(t, series);\n"
    "    series = 0x1.5555555555555p-3 + times2(t, series);\n"
    "    series = 0x1p-1 + times2(t, series);\n"
    "    const double tail = low + times2(times2(t, t), series), high = t + tail, rest = tail - (high - t);\n"
    "    const double sum = 1.0 + high;\n"
    "    return ldexp(sum + ((high - (sum - 1.0)) + rest), k);\n"
    "}\n\n"
    "/* Expected value of each action's distribution over the atoms. */\n"
    "static void expected(const float *logits, const float *atoms, int actions, int num_atoms, float *q) {\n"
    "    for (int a = 0; a < actions; a++, logits += num_atoms) {\n"
    "        float largest = logits[0];\n"
    "        for (int j = 1; j < num_atoms; j++) largest = logits[j] > largest || logits[j] != logits[j] ? logits[j] : largest;\n"
    "        double sum = 0.0, mean = 0.0;\n"
    "        for (int j = 0; j < num_atoms; j++) {\n"
    "            const double p = power((double)logits[j] - (double)largest);\n"
    "            sum += p;\n"
    "            mean += times2(p, (double)atoms[j]);\n"
    "        }\n"
    "        q[a] = (float)(mean / sum);\n"
    "    }\n"
    "}\n\n";

// Any of these would change bits. 16: gcc's for processors that compute _Float16 as itself, and float as float.
static const char GUARDS[] = "#include <float.h>\n"
                             "#include <math.h>\n"
                             "\n"
                             "#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \\\n"
                             "    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)\n"
                             "#error \"-ffast-math and parts of it change the results: compile this file without\"\n"
                             "#endif\n"
                             "#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16\n"
                             "#error \"float must be computed as float: on 32-bit x86 compile with -msse2 -mfpmath=sse\"\n"
                             "#endif\n"
                             "\n";

static void put_head(const Writer *writer, const char *source) {
    const SdqnPortable *portable = writer->portable;
    const SdqnQNetworkDef *def = portable->networks[0].def;
    const char *name = writer->name;
    fputs("/* Q-values and greedy actions of ", writer->out);
    for (const unsigned char *c = (const unsigned char *)source; *c != '\0'; c++) {
        const bool ends_comment = c[0] == '*' && c[1] == '/';
        fputc(*c < 0x20 || *c == 0x7f || ends_comment ? '?' : *c, writer->out);
    }
    fprintf(writer->out,
            ", written by sharedqn " SDQN_VERSION ".\n\n"
            "   int %s_act(const float observation[%d], int task);\n"
            "       The action with the largest Q-value, of equal ones the first%s.\n"
            "   void %s_q(const float observation[%d], int task, float q[%d]);\n"
            "       All Q-values%s.\n\n",
            name, def->observation_size, sdqn_portable_needs_task(portable) ? "; -1 if there is no such task" : "", name,
            def->observation_size, def->num_actions, sdqn_portable_needs_task(portable) ? "; NAN if there is no such task" : "");
    fprintf(writer->out, sdqn_portable_needs_task(portable) ? "   task:" : "   `task` is not looked at; the policy is for");
    for (int t = 0; t < portable->num_tasks; t++) {
        if (sdqn_portable_needs_task(portable)) fprintf(writer->out, " %d", t);
        fprintf(writer->out, " %s%s", portable->tasks[t], t + 1 < portable->num_tasks ? "," : ".\n");
    }
    fputs("   C11; nothing but libm is needed. Nothing is allocated and nothing static is written: any number of threads may call.\n"
          "   The results have the bits of the trainer, whatever the compiler and its level of optimisation. */\n\n",
          writer->out);
    fputs(GUARDS, writer->out);
    fprintf(writer->out,
            "int %s_act(const float observation[%d], int task);\nvoid %s_q(const float observation[%d], int task, float q[%d]);\n\n", name,
            def->observation_size, name, def->observation_size, def->num_actions);
}

// ---- weights --------------------------------------------------------------------------------------------------------------------

/// The name of an array of a network, as n0_fc1_weight, or fc1_weight if there is one network.
static const char *array_name(const Writer *writer, int network, const char *tensor, const char *what, char text[NAME_SIZE]) {
    int length = writer->portable->num_networks > 1 ? snprintf(text, NAME_SIZE, "n%d_", network) : 0;
    length += snprintf(text + length, NAME_SIZE - (size_t)length, "%s_%s", tensor, what);
    for (int i = 0; i < length; i++) {
        if (text[i] == '.') text[i] = '_';
    }
    return text;
}

/// An array of rows * columns values; the one in row r and column c is values[r * row_step + c * column_step].
static void put_array(const Writer *writer, const char *name, const float *values, size_t rows, size_t columns, size_t row_step,
                      size_t column_step) {
    size_t column = 0;
    fprintf(writer->out, "static const float %s[%zu] = {", name, rows * columns);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++, column++) {
            char text[SDQN_TEXT_SIZE];
            fputs(column % VALUES_A_LINE == 0 ? "\n    " : " ", writer->out);
            fprintf(writer->out, "%sf,", sdqn_text_from_double_hex((double)values[r * row_step + c * column_step], text));
        }
    }
    fputs("\n};\n", writer->out);
}

static void put_weights(const Writer *writer, int n) {
    const SdqnPortableNetwork *network = &writer->portable->networks[n];
    char name[NAME_SIZE];
    for (int i = 0; i < network->graph->num_nodes; i++) {
        const SdqnNode *node = &network->graph->nodes[i];
        if (node->name[0] == '\0') continue;
        const size_t in = node->kind == SDQN_NODE_LINEAR ? (size_t)node->in : 1, out = (size_t)node->out;
        put_array(writer, array_name(writer, n, node->name, "weight", name), network->parameters + node->weight, in, out, 1, in);
        put_array(writer, array_name(writer, n, node->name, "bias", name), network->parameters + node->bias, 1, out, out, 1);
    }
    if (network->embedding) {
        const size_t size = (size_t)network->def->embedding_size, first = network->row == SDQN_PORTABLE_ASKED ? 0 : (size_t)network->row;
        const size_t rows = network->row == SDQN_PORTABLE_ASKED ? (size_t)network->def->num_tasks : 1;
        put_array(writer, array_name(writer, n, "task_embedding", "weight", name), network->embedding + first * size, rows, size, size, 1);
    }
    if (network->support) {
        const size_t atoms = (size_t)network->def->num_atoms;
        put_array(writer, array_name(writer, n, "support", "atoms", name), network->support, 1, atoms, atoms, 1);
    }
    fputc('\n', writer->out);
}

// ---- functions ------------------------------------------------------------------------------------------------------------------

/// What a layer's values are called inside a network's function.
static const char *values_of(const SdqnGraph *graph, int node, char text[16]) {
    if (node == SDQN_GRAPH_INPUT) {
        snprintf(text, 16, "input");
    } else if (node + 1 == graph->num_nodes) {
        snprintf(text, 16, "out");
    } else {
        snprintf(text, 16, "x%d", node);
    }
    return text;
}

static void put_node(const Writer *writer, int n, int i) {
    const SdqnGraph *graph = writer->portable->networks[n].graph;
    const SdqnNode *node = &graph->nodes[i];
    char weight[NAME_SIZE], bias[NAME_SIZE], source[16], other[16], y[16];
    array_name(writer, n, node->name, "weight", weight);
    array_name(writer, n, node->name, "bias", bias);
    values_of(graph, node->source, source);
    values_of(graph, node->other, other);
    values_of(graph, i, y);
    if (i + 1 < graph->num_nodes) fprintf(writer->out, "    float %s[%d];\n", y, node->out);
    switch (node->kind) {
    case SDQN_NODE_LINEAR:
        fprintf(writer->out, "    linear(%s, %s, %s, %d, %d, %d, %s);\n", source, weight, bias, node->in, node->out, node->sparse_input, y);
        break;
    case SDQN_NODE_NORM:
        fprintf(writer->out, "    norm(%s, %s, %s, %d, %s);\n", source, weight, bias, node->out, y);
        break;
    case SDQN_NODE_ADD:
        fprintf(writer->out, "    add(%s, %s, %d, %s);\n", source, other, node->out, y);
        break;
    case SDQN_NODE_DUEL:
        fprintf(writer->out, "    duel(%s, %s, %d, %d, %s);\n", source, other, node->out / node->in, node->in, y);
        break;
    }
    if (node->relu) fprintf(writer->out, "    relu(%s, %d);\n", y, node->out);
}

/// The inputs behind the observation.
static void put_condition(const Writer *writer, int n) {
    const SdqnPortableNetwork *network = &writer->portable->networks[n];
    const int observation = network->def->observation_size, size = sdqn_q_network_def_conditioning_size(network->def);
    const bool asked = network->row == SDQN_PORTABLE_ASKED;
    char task[16] = "task", name[NAME_SIZE], first[32] = "";
    if (asked) snprintf(first, sizeof first, "task * %d + ", size);
    if (!asked) snprintf(task, sizeof task, "%d", network->row);
    switch (network->def->conditioning) {
    case SDQN_CONDITIONING_EMBEDDING:
        array_name(writer, n, "task_embedding", "weight", name);
        fprintf(writer->out, "    for (int k = 0; k < %d; k++) input[%d + k] = %s[%sk];\n", size, observation, name, first);
        break;
    case SDQN_CONDITIONING_ONEHOT:
        fprintf(writer->out, "    for (int k = 0; k < %d; k++) input[%d + k] = k == %s ? 1.0f : 0.0f;\n", size, observation, task);
        break;
    case SDQN_CONDITIONING_ID:
        fprintf(writer->out, "    input[%d] = (float)%s;\n", observation, task);
        break;
    case SDQN_CONDITIONING_BLIND:
        break;
    }
}

static void put_network(const Writer *writer, int n) {
    const SdqnPortableNetwork *network = &writer->portable->networks[n];
    const SdqnQNetworkDef *def = network->def;
    const SdqnGraph *graph = network->graph;
    const int outputs = graph->nodes[graph->num_nodes - 1].out;
    char atoms[NAME_SIZE];
    if (writer->portable->num_networks > 1) fprintf(writer->out, "/* %s */\n", writer->portable->tasks[n]);
    fprintf(writer->out, "static void network%d(const float *observation, %sfloat *%s) {\n", n,
            network->row == SDQN_PORTABLE_ASKED ? "int task, " : "", network->support ? "q" : "out");
    fprintf(writer->out, "    float input[%d];\n    for (int k = 0; k < %d; k++) input[k] = observation[k];\n", graph->input_size,
            def->observation_size);
    put_condition(writer, n);
    if (network->support) fprintf(writer->out, "    float out[%d];\n", outputs);
    for (int i = 0; i < graph->num_nodes; i++) put_node(writer, n, i);
    if (network->support) {
        fprintf(writer->out, "    expected(out, %s, %d, %d, q);\n", array_name(writer, n, "support", "atoms", atoms), def->num_actions,
                def->num_atoms);
    }
    fputs("}\n\n", writer->out);
}

static void put_q(const Writer *writer) {
    const SdqnPortable *portable = writer->portable;
    const SdqnQNetworkDef *def = portable->networks[0].def;
    fprintf(writer->out, "void %s_q(const float observation[%d], int task, float q[%d]) {\n", writer->name, def->observation_size,
            def->num_actions);
    if (!sdqn_portable_needs_task(portable)) {
        fputs("    (void)task;\n    network0(observation, q);\n}\n\n", writer->out);
        return;
    }
    if (portable->num_networks == 1) {
        fprintf(writer->out, "    if (task >= 0 && task < %d) {\n        network0(observation, task, q);\n        return;\n    }\n",
                portable->num_tasks);
    } else {
        fputs("    switch (task) {\n", writer->out);
        for (int t = 0; t < portable->num_tasks; t++) {
            fprintf(writer->out, "    case %d:\n        network%d(observation, q);\n        return;\n", t, t);
        }
        fputs("    default:\n        break;\n    }\n", writer->out);
    }
    fprintf(writer->out, "    for (int a = 0; a < %d; a++) q[a] = NAN;\n}\n\n", def->num_actions);
}

static void put_act(const Writer *writer) {
    const SdqnPortable *portable = writer->portable;
    const SdqnQNetworkDef *def = portable->networks[0].def;
    fprintf(writer->out, "int %s_act(const float observation[%d], int task) {\n    float q[%d];\n    int best = 0;\n", writer->name,
            def->observation_size, def->num_actions);
    if (sdqn_portable_needs_task(portable)) {
        fprintf(writer->out, "    if (task < 0 || task >= %d) return -1;\n", portable->num_tasks);
    }
    fprintf(writer->out,
            "    %s_q(observation, task, q);\n    for (int a = 1; a < %d; a++) {\n        if (q[a] > q[best]) best = a;\n    }\n"
            "    return best;\n}\n",
            writer->name, def->num_actions);
}

static void put_all(const Writer *writer, const char *source) {
    const SdqnPortable *portable = writer->portable;
    put_head(writer, source);
    for (int n = 0; n < portable->num_networks; n++) put_weights(writer, n);
    fputs(LINEAR, writer->out);
    if (has_relu(portable)) fputs(RELU, writer->out);
    if (has_kind(portable, SDQN_NODE_NORM)) {
        fputs(TIMES, writer->out);
        fputs(NORM, writer->out);
    }
    if (has_kind(portable, SDQN_NODE_ADD)) fputs(ADD, writer->out);
    if (has_kind(portable, SDQN_NODE_DUEL)) fputs(DUEL, writer->out);
    if (has_support(portable)) {
        fputs(TIMES_DOUBLE, writer->out);
        fputs(EXPECTED, writer->out);
    }
    for (int n = 0; n < portable->num_networks; n++) put_network(writer, n);
    put_q(writer);
    put_act(writer);
}

SdqnStatus sdqn_c_source_write(const SdqnPortable *portable, const char *name, const char *source, char **text, size_t *size,
                               SdqnError *error) {
    size_t parameters = 0;
    for (int n = 0; n < portable->num_networks; n++) parameters += portable->networks[n].graph->parameter_count;
    if (parameters > SDQN_C_MAX_PARAMETERS) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%zu parameters: at most %d fit a C file; ONNX takes them", parameters,
                              SDQN_C_MAX_PARAMETERS);
    }
    char *written = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);
    if (!out) return sdqn_error_set(error, SDQN_ERR_MEMORY, "C source: out of memory");
    const Writer writer = {out, portable, name};
    put_all(&writer, source);
    const bool lost = ferror(out) != 0;
    if (fclose(out) != 0 || lost) {
        free(written);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "C source: out of memory for %zu parameters", parameters);
    }
    *text = written;
    *size = length;
    return SDQN_OK;
}
