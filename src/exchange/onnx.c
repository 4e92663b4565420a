#include "exchange/onnx.h"

#include "core/version.h"
#include "exchange/protobuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Numbers of the fields of onnx.proto that are written.
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER_NAME = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_DATA_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9 };
enum { DATA_FLOAT = 1, DATA_INT64 = 7, DATA_DOUBLE = 11 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, VALUE_TENSOR_TYPE = 1, VALUE_ELEMENT_TYPE = 1, VALUE_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

#define NAME_SIZE 128

/// A value's name in the model.
typedef struct Name {
    char text[NAME_SIZE];
} Name;

/// The graph in the making.
typedef struct Writer {
    SdqnProtobuf *out;
    const SdqnPortable *portable;
    const char *prefix; ///< of the network that is written: "" or the task's name
    int num_values;     ///< named so far
} Writer;

// ---- parts of a graph -----------------------------------------------------------------------------------------------------------

/// A constant. @param dims [rank]
static void put_initializer(const Writer *writer, const char *name, int type, const int64_t *dims, int rank, const void *data,
                            size_t size) {
    const size_t tensor = sdqn_protobuf_begin(writer->out, GRAPH_INITIALIZER);
    for (int d = 0; d < rank; d++) sdqn_protobuf_int(writer->out, TENSOR_DIMS, dims[d]);
    sdqn_protobuf_int(writer->out, TENSOR_DATA_TYPE, type);
    sdqn_protobuf_string(writer->out, TENSOR_NAME, name);
    sdqn_protobuf_bytes(writer->out, TENSOR_RAW_DATA, data, size);
    sdqn_protobuf_end(writer->out, tensor);
}

static void put_floats(const Writer *writer, const char *name, const float *values, int64_t rows, int64_t columns) {
    const int64_t dims[2] = {rows, columns};
    put_initializer(writer, name, DATA_FLOAT, rows > 0 ? dims : dims + 1, rows > 0 ? 2 : 1, values,
                    (size_t)(rows > 0 ? rows : 1) * (size_t)columns * sizeof *values);
}

static void put_integers(const Writer *writer, const char *name, const int64_t *values, int count) {
    const int64_t dims[1] = {count};
    put_initializer(writer, name, DATA_INT64, dims, 1, values, (size_t)count * sizeof *values);
}

/// An attribute of a node, and which of `f`, `i` and `ints` it is.
typedef struct Attribute {
    const char *name; ///< NULL: no attribute
    int type;
    float f;
    int64_t i; ///< of TYPE_INTS the only one
} Attribute;

#define MAX_INPUTS 3
#define MAX_ATTRIBUTES 2

static void put_attribute(const Writer *writer, const Attribute *attribute) {
    const size_t begun = sdqn_protobuf_begin(writer->out, NODE_ATTRIBUTE);
    sdqn_protobuf_string(writer->out, ATTRIBUTE_NAME, attribute->name);
    if (attribute->type == TYPE_FLOAT) sdqn_protobuf_float(writer->out, ATTRIBUTE_F, attribute->f);
    if (attribute->type == TYPE_INT) sdqn_protobuf_int(writer->out, ATTRIBUTE_I, attribute->i);
    if (attribute->type == TYPE_INTS) sdqn_protobuf_int(writer->out, ATTRIBUTE_INTS, attribute->i);
    sdqn_protobuf_int(writer->out, ATTRIBUTE_TYPE, attribute->type);
    sdqn_protobuf_end(writer->out, begun);
}

/// One operation. @param inputs  [MAX_INPUTS] names, NULL behind the last @param output  name of what it gives, also of the node
static void put_node(const Writer *writer, const char *op, const char *const *inputs, const char *output, const Attribute *attributes) {
    const size_t node = sdqn_protobuf_begin(writer->out, GRAPH_NODE);
    for (int i = 0; i < MAX_INPUTS && inputs[i]; i++) sdqn_protobuf_string(writer->out, NODE_INPUT, inputs[i]);
    sdqn_protobuf_string(writer->out, NODE_OUTPUT, output);
    sdqn_protobuf_string(writer->out, NODE_NAME, output);
    sdqn_protobuf_string(writer->out, NODE_OP_TYPE, op);
    for (int i = 0; i < MAX_ATTRIBUTES && attributes && attributes[i].name; i++) put_attribute(writer, &attributes[i]);
    sdqn_protobuf_end(writer->out, node);
}

/// A tensor that goes in or out, [N], or [N, columns] for columns > 0.
static void put_value(const Writer *writer, int field, const char *name, int type, int columns) {
    SdqnProtobuf *out = writer->out;
    const size_t value = sdqn_protobuf_begin(out, field);
    sdqn_protobuf_string(out, VALUE_NAME, name);
    const size_t kind = sdqn_protobuf_begin(out, VALUE_TYPE), tensor = sdqn_protobuf_begin(out, VALUE_TENSOR_TYPE);
    sdqn_protobuf_int(out, VALUE_ELEMENT_TYPE, type);
    const size_t shape = sdqn_protobuf_begin(out, VALUE_SHAPE), rows = sdqn_protobuf_begin(out, SHAPE_DIM);
    sdqn_protobuf_string(out, DIM_PARAM, "N");
    sdqn_protobuf_end(out, rows);
    if (columns > 0) {
        const size_t dim = sdqn_protobuf_begin(out, SHAPE_DIM);
        sdqn_protobuf_int(out, DIM_VALUE, columns);
        sdqn_protobuf_end(out, dim);
    }
    sdqn_protobuf_end(out, shape);
    sdqn_protobuf_end(out, tensor);
    sdqn_protobuf_end(out, kind);
    sdqn_protobuf_end(out, value);
}

/// "windy.fc1.weight", or "fc1.weight" if there is one network.
static Name weight_name(const Writer *writer, const char *layer, const char *what) {
    Name name;
    snprintf(name.text, sizeof name.text, "%s%s%s.%s", writer->prefix, writer->prefix[0] != '\0' ? "." : "", layer, what);
    return name;
}

/// A name that nothing has yet.
static Name new_value(Writer *writer) {
    Name name;
    snprintf(name.text, sizeof name.text, "value.%d", writer->num_values++);
    return name;
}

/// One operation of one or two inputs whose result gets a new name. @param second, third  NULL: none
static Name apply(Writer *writer, const char *op, const char *first, const char *second, const char *third, const Attribute *attributes) {
    const Name output = new_value(writer);
    put_node(writer, op, (const char *const[MAX_INPUTS]){first, second, third}, output.text, attributes);
    return output;
}

/// Give [N, columns] the shape [N, rows, columns / rows]; with rows 0 make [N, columns] of it again.
static Name reshape(Writer *writer, const char *value, int rows, int columns) {
    const int64_t shape[3] = {0, rows > 0 ? rows : columns, rows > 0 ? columns / rows : 0}; // 0: as it is
    const Name name = new_value(writer);
    put_integers(writer, name.text, shape, rows > 0 ? 3 : 2);
    return apply(writer, "Reshape", value, name.text, NULL, NULL);
}

static Name cast(Writer *writer, const char *value, int type) {
    const Attribute to[MAX_ATTRIBUTES] = {{.name = "to", .type = TYPE_INT, .i = type}};
    return apply(writer, "Cast", value, NULL, NULL, to);
}

/// [N] to [N, 1].
static Name as_column(Writer *writer, const char *value) {
    const Name axes = new_value(writer);
    put_integers(writer, axes.text, (const int64_t[1]){1}, 1);
    return apply(writer, "Unsqueeze", value, axes.text, NULL, NULL);
}

// ---- the layers -----------------------------------------------------------------------------------------------------------------

/// What the network is told about the task, as values behind the observation. @param input [conditioning size] written
static void fixed_condition(const SdqnPortableNetwork *network, float *input) {
    const SdqnQNetworkDef *def = network->def;
    const size_t size = (size_t)sdqn_q_network_def_conditioning_size(def);
    if (network->embedding) {
        memcpy(input, network->embedding + (size_t)network->row * size, size * sizeof *input);
    } else if (def->conditioning == SDQN_CONDITIONING_ID) {
        input[0] = (float)network->row;
    } else {
        for (size_t k = 0; k < size; k++) input[k] = k == (size_t)network->row ? 1.0f : 0.0f;
    }
}

/// Weight and bias of a layer that reads the observation alone, because the rest of its inputs never changes: that part is in the bias.
static void put_folded(const Writer *writer, const SdqnPortableNetwork *network, const SdqnNode *node, const char *weight,
                       const char *bias) {
    const size_t observation = (size_t)network->def->observation_size, in = (size_t)node->in, out = (size_t)node->out;
    const float *own_weight = network->parameters + node->weight, *own_bias = network->parameters + node->bias;
    float *columns = malloc(out * observation * sizeof *columns), *folded = malloc(out * sizeof *folded);
    float *condition = malloc((in - observation + 1) * sizeof *condition);
    if (columns && folded && condition) {
        fixed_condition(network, condition);
        for (size_t o = 0; o < out; o++) {
            double sum = (double)own_bias[o];
            memcpy(columns + o * observation, own_weight + o * in, observation * sizeof *columns);
            for (size_t k = observation; k < in; k++) sum += (double)own_weight[o * in + k] * (double)condition[k - observation];
            folded[o] = (float)sum;
        }
        put_floats(writer, weight, columns, (int64_t)out, (int64_t)observation);
        put_floats(writer, bias, folded, 0, (int64_t)out);
    } else {
        writer->out->failed = true;
    }
    free(columns);
    free(folded);
    free(condition);
}

static Name put_linear(Writer *writer, const SdqnPortableNetwork *network, const SdqnNode *node, const char *input) {
    static const Attribute transposed[MAX_ATTRIBUTES] = {{.name = "transB", .type = TYPE_INT, .i = 1}};
    const Name weight = weight_name(writer, node->name, "weight"), bias = weight_name(writer, node->name, "bias");
    const bool folds = node->source == SDQN_GRAPH_INPUT && node->in > network->def->observation_size && network->row != SDQN_PORTABLE_ASKED;
    if (folds) {
        put_folded(writer, network, node, weight.text, bias.text);
    } else {
        put_floats(writer, weight.text, network->parameters + node->weight, node->out, node->in);
        put_floats(writer, bias.text, network->parameters + node->bias, 0, node->out);
    }
    return apply(writer, "Gemm", input, weight.text, bias.text, transposed);
}

static Name put_norm(Writer *writer, const SdqnPortableNetwork *network, const SdqnNode *node, const char *input) {
    static const Attribute attributes[MAX_ATTRIBUTES] = {{.name = "axis", .type = TYPE_INT, .i = -1},
                                                         {.name = "epsilon", .type = TYPE_FLOAT, .f = 1e-5f}};
    const Name scale = weight_name(writer, node->name, "weight"), shift = weight_name(writer, node->name, "bias");
    put_floats(writer, scale.text, network->parameters + node->weight, 0, node->out);
    put_floats(writer, shift.text, network->parameters + node->bias, 0, node->out);
    return apply(writer, "LayerNormalization", input, scale.text, shift.text, attributes);
}

/// value + advantage - mean advantage over the actions
static Name put_duel(Writer *writer, const SdqnNode *node, const char *advantage, const char *value) {
    static const Attribute over_actions[MAX_ATTRIBUTES] = {{.name = "axes", .type = TYPE_INTS, .i = 1}};
    const Name advantages = reshape(writer, advantage, node->out / node->in, node->out), values = reshape(writer, value, 1, node->in);
    const Name mean = apply(writer, "ReduceMean", advantages.text, NULL, NULL, over_actions);
    const Name centred = apply(writer, "Sub", advantages.text, mean.text, NULL, NULL);
    const Name sum = apply(writer, "Add", centred.text, values.text, NULL, NULL);
    return reshape(writer, sum.text, 0, node->out);
}

/// The inputs of the first layer.
static Name put_input(Writer *writer, const SdqnPortableNetwork *network) {
    static const Attribute columns[MAX_ATTRIBUTES] = {{.name = "axis", .type = TYPE_INT, .i = 1}};
    const SdqnQNetworkDef *def = network->def;
    if (network->row != SDQN_PORTABLE_ASKED) return (Name){"observation"};
    Name table = weight_name(writer, "task_embedding", "weight");
    if (network->embedding) {
        put_floats(writer, table.text, network->embedding, def->num_tasks, def->embedding_size);
    } else if (def->conditioning == SDQN_CONDITIONING_ID) { // a table too: numbers of no task are refused
        float numbers[SDQN_MAX_TASKS];
        for (int t = 0; t < writer->portable->num_tasks; t++) numbers[t] = (float)t;
        table = weight_name(writer, "task", "number");
        put_floats(writer, table.text, numbers, writer->portable->num_tasks, 1);
    } else {
        float one_hot[SDQN_MAX_TASKS * SDQN_MAX_TASKS] = {0};
        for (int t = 0; t < def->num_tasks; t++) one_hot[t * def->num_tasks + t] = 1.0f;
        table = weight_name(writer, "task", "one_hot");
        put_floats(writer, table.text, one_hot, def->num_tasks, def->num_tasks);
    }
    const Name condition = apply(writer, "Gather", table.text, "task", NULL, NULL);
    return apply(writer, "Concat", "observation", condition.text, NULL, columns);
}

/// Expected values of distributions, in double like the trainer's: they may be small differences of large numbers.
/// @param logits  [N, num_actions * num_atoms]
static Name put_expected(Writer *writer, const SdqnPortableNetwork *network, const char *logits) {
    const SdqnQNetworkDef *def = network->def;
    const Name support = weight_name(writer, "support", "atoms");
    double atoms[SDQN_MAX_ATOMS];
    for (int j = 0; j < def->num_atoms; j++) atoms[j] = (double)network->support[j];
    put_initializer(writer, support.text, DATA_DOUBLE, (const int64_t[2]){def->num_atoms, 1}, 2, atoms,
                    (size_t)def->num_atoms * sizeof *atoms);
    const Name by_action = reshape(writer, logits, def->num_actions, def->num_actions * def->num_atoms);
    const Name wide = cast(writer, by_action.text, DATA_DOUBLE);
    const Name probabilities = apply(writer, "Softmax", wide.text, NULL, NULL, NULL); // over the last axis
    const Name mean = apply(writer, "MatMul", probabilities.text, support.text, NULL, NULL);
    const Name narrow = cast(writer, mean.text, DATA_FLOAT);
    return reshape(writer, narrow.text, 0, def->num_actions);
}

/// All layers of a network. @return its Q-values [N, num_actions]
static Name put_network(Writer *writer, const SdqnPortableNetwork *network) {
    Name values[SDQN_GRAPH_MAX_NODES] = {{""}};
    const SdqnGraph *graph = network->graph;
    const Name input = put_input(writer, network);
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        const char *source = node->source == SDQN_GRAPH_INPUT ? input.text : values[node->source].text;
        switch (node->kind) {
        case SDQN_NODE_LINEAR:
            values[i] = put_linear(writer, network, node, source);
            break;
        case SDQN_NODE_NORM:
            values[i] = put_norm(writer, network, node, source);
            break;
        case SDQN_NODE_ADD:
            values[i] = apply(writer, "Add", source, values[node->other].text, NULL, NULL);
            break;
        case SDQN_NODE_DUEL:
            values[i] = put_duel(writer, node, source, values[node->other].text);
            break;
        }
        if (node->relu) values[i] = apply(writer, "Relu", values[i].text, NULL, NULL, NULL);
    }
    const Name outputs = values[graph->num_nodes - 1];
    return network->support ? put_expected(writer, network, outputs.text) : outputs;
}

// ---- the model ------------------------------------------------------------------------------------------------------------------

/// The Q-values of the network of each row's task. @param q [num_networks] of all networks
static void put_choice(Writer *writer, const Name *q, int num_networks, int num_actions) {
    static const Attribute columns = {.name = "axis", .type = TYPE_INT, .i = 1};
    static const Attribute by_row[MAX_ATTRIBUTES] = {{.name = "batch_dims", .type = TYPE_INT, .i = 1}};
    const Name all = new_value(writer);
    const size_t node = sdqn_protobuf_begin(writer->out, GRAPH_NODE);
    for (int n = 0; n < num_networks; n++) sdqn_protobuf_string(writer->out, NODE_INPUT, q[n].text);
    sdqn_protobuf_string(writer->out, NODE_OUTPUT, all.text);
    sdqn_protobuf_string(writer->out, NODE_NAME, all.text);
    sdqn_protobuf_string(writer->out, NODE_OP_TYPE, "Concat");
    put_attribute(writer, &columns);
    sdqn_protobuf_end(writer->out, node);
    const Name by_task = reshape(writer, all.text, num_networks, num_networks * num_actions), task = as_column(writer, "task");
    put_node(writer, "GatherND", (const char *const[MAX_INPUTS]){by_task.text, task.text}, "q", by_row);
}

static void put_graph(Writer *writer) {
    const SdqnPortable *portable = writer->portable;
    const SdqnQNetworkDef *def = portable->networks[0].def;
    Name q[SDQN_MAX_TASKS];
    const size_t graph = sdqn_protobuf_begin(writer->out, MODEL_GRAPH);
    sdqn_protobuf_string(writer->out, GRAPH_NAME, "q_network");
    for (int n = 0; n < portable->num_networks; n++) {
        writer->prefix = portable->num_networks > 1 ? portable->tasks[n] : "";
        q[n] = put_network(writer, &portable->networks[n]);
    }
    if (portable->num_networks > 1) {
        put_choice(writer, q, portable->num_networks, def->num_actions);
    } else {
        put_node(writer, "Identity", (const char *const[MAX_INPUTS]){q[0].text}, "q", NULL);
    }
    put_value(writer, GRAPH_INPUT, "observation", DATA_FLOAT, def->observation_size);
    if (sdqn_portable_needs_task(portable)) put_value(writer, GRAPH_INPUT, "task", DATA_INT64, 0);
    put_value(writer, GRAPH_OUTPUT, "q", DATA_FLOAT, def->num_actions);
    sdqn_protobuf_end(writer->out, graph);
}

static void put_metadata(const Writer *writer) {
    char tasks[SDQN_MAX_TASKS * SDQN_TENSOR_NAME_SIZE];
    size_t length = 0;
    for (int t = 0; t < writer->portable->num_tasks && length < sizeof tasks; t++) {
        length += (size_t)snprintf(tasks + length, sizeof tasks - length, "%s%s", t > 0 ? "," : "", writer->portable->tasks[t]);
    }
    const size_t entry = sdqn_protobuf_begin(writer->out, MODEL_METADATA);
    sdqn_protobuf_string(writer->out, ENTRY_KEY, "tasks");
    sdqn_protobuf_string(writer->out, ENTRY_VALUE, tasks);
    sdqn_protobuf_end(writer->out, entry);
}

SdqnStatus sdqn_onnx_write(const SdqnPortable *portable, uint8_t **bytes, size_t *size, SdqnError *error) {
    size_t parameters = 0;
    for (int n = 0; n < portable->num_networks; n++) parameters += portable->networks[n].graph->parameter_count;
    // The rest of a model is small: a few hundred bytes a layer.
    if (parameters > SDQN_PROTOBUF_MAX_SIZE / sizeof(float) - ((size_t)16 << 20)) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%zu parameters: more than the 2 GiB that an ONNX model can have", parameters);
    }
    SdqnProtobuf model = {0};
    Writer writer = {.out = &model, .portable = portable};
    sdqn_protobuf_int(&model, MODEL_IR_VERSION, SDQN_ONNX_IR_VERSION);
    sdqn_protobuf_string(&model, MODEL_PRODUCER_NAME, "sharedqn");
    sdqn_protobuf_string(&model, MODEL_PRODUCER_VERSION, SDQN_VERSION);
    put_graph(&writer);
    const size_t opset = sdqn_protobuf_begin(&model, MODEL_OPSET);
    sdqn_protobuf_int(&model, OPSET_VERSION, SDQN_ONNX_OPSET);
    sdqn_protobuf_end(&model, opset);
    put_metadata(&writer);
    if (model.failed) {
        free(model.bytes);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "ONNX model: out of memory for %zu parameters", parameters);
    }
    *bytes = model.bytes;
    *size = model.size;
    return SDQN_OK;
}
