#include "study/arm.h"

#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NAME_LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

bool sdqn_study_name_is_good(const char *text) {
    return text[0] != '\0' && strlen(text) < SDQN_STUDY_NAME_SIZE && strspn(text, NAME_LETTERS) == strlen(text);
}

bool sdqn_study_arm_has(const SdqnStudyArm *arm, const char *key) {
    const size_t length = strlen(key);
    bool has = false;
    for (int i = 0; i < arm->num_settings; i++)
        has = has || (strncmp(arm->settings[i], key, length) == 0 && arm->settings[i][length] == '=');
    return has;
}

SdqnStatus sdqn_study_arm_set(SdqnStudyArm *arm, const char *key, const char *value, SdqnError *error) {
    if (arm->num_settings == SDQN_STUDY_MAX_SETTINGS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "more than %d settings", SDQN_STUDY_MAX_SETTINGS);
    const int length = snprintf(arm->settings[arm->num_settings], SDQN_STUDY_SETTING_SIZE, "%s=%s", key, value);
    if (length < 0 || length >= SDQN_STUDY_SETTING_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "more than %d bytes in a setting", SDQN_STUDY_SETTING_SIZE - 1);
    arm->num_settings++;
    return SDQN_OK;
}

SdqnStatus sdqn_study_arm_resolve(SdqnStudyArm *arm, SdqnError *error) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    if (!builder) return sdqn_error_set(error, SDQN_ERR_MEMORY, "out of memory");
    SdqnStatus status = SDQN_OK;
    if (arm->config_file[0] != '\0') status = sdqn_config_builder_read(builder, arm->config_file, error);
    for (int i = 0; i < arm->num_settings && status == SDQN_OK; i++) status = sdqn_config_builder_set(builder, arm->settings[i], error);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, &arm->config, error);
    sdqn_config_builder_destroy(builder);
    return status;
}

SdqnStatus sdqn_study_arm_tune(SdqnStudyArm *arm, const SdqnStudyArm *candidate, SdqnError *error) {
    arm->num_settings -= arm->num_tuned;
    arm->num_tuned = 0;
    for (int i = candidate->num_settings - candidate->num_tuned; i < candidate->num_settings; i++) {
        if (arm->num_settings == SDQN_STUDY_MAX_SETTINGS)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "more than %d settings", SDQN_STUDY_MAX_SETTINGS);
        memcpy(arm->settings[arm->num_settings++], candidate->settings[i], SDQN_STUDY_SETTING_SIZE);
        arm->num_tuned++;
    }
    return sdqn_study_arm_resolve(arm, error);
}

/// A number without sign as digits and an exponent of ten: 2.5e-4 is 25e-5. @return false if it is none, or too long
static bool format_number(const char *value, char *text, size_t size) {
    char digits[SDQN_STUDY_NAME_SIZE];
    double number;
    int64_t exponent = 0;
    size_t count = 0, decimals = 0;
    bool behind = false;
    if (!isdigit((unsigned char)value[0]) || !sdqn_text_to_double(value, &number)) return false;
    for (; isdigit((unsigned char)*value) || *value == '.'; value++) {
        if (count + 1 == sizeof digits) return false;
        decimals += behind && *value != '.';
        behind = behind || *value == '.';
        if (*value != '.' && (count > 0 || *value != '0')) digits[count++] = *value;
    }
    if (*value != '\0') value += value[1] == '+' ? 2 : 1;
    if (*value != '\0' && !sdqn_text_to_i64(value, &exponent)) return false;
    digits[count] = '\0';
    exponent -= (int64_t)decimals;
    const int length = count == 0      ? snprintf(text, size, "0")
                       : exponent == 0 ? snprintf(text, size, "%s", digits)
                                       : snprintf(text, size, "%se%lld", digits, (long long)exponent);
    return length > 0 && (size_t)length < size;
}

SdqnStatus sdqn_study_arm_name_value(SdqnStudyArm *arm, const char *value, SdqnError *error) {
    char text[SDQN_STUDY_SETTING_SIZE];
    if (!format_number(value, text, sizeof text)) {
        snprintf(text, sizeof text, "%s", value);
        for (char *c = text; *c != '\0'; c++) {
            if (!strchr(NAME_LETTERS, *c)) *c = '_';
        }
    }
    const size_t before = strlen(arm->name);
    const int length = snprintf(arm->name + before, sizeof arm->name - before, "_%s", text);
    if (length > 0 && (size_t)length < sizeof arm->name - before) return SDQN_OK;
    arm->name[before] = '\0';
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "the name of a candidate, %s_%.40s, would have more than %d letters", arm->name, text,
                          SDQN_STUDY_NAME_SIZE - 1);
}
