// picture.c: pictures of environments in the public API, over scenes and the drawing module.
#include "api/environment.h"
#include "view/draw.h"

#include <math.h>
#include <stdlib.h>

struct SdqnPicture {
    const SdqnDraw *draw;
    SdqnCanvas *canvas;
    SdqnFlames flames;
    SdqnScene scene;
};

_Static_assert(SDQN_PICTURE_WIDTH == SDQN_SCENE_WIDTH && SDQN_PICTURE_HEIGHT == SDQN_SCENE_HEIGHT, "sharedqn.h repeats the size");

SdqnStatus sdqn_picture_create(SdqnPicture **picture, SdqnError *error) {
    SdqnPicture *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "picture: out of memory");
    SdqnStatus status = sdqn_draw_load(&made->draw, error);
    if (status == SDQN_OK) status = made->draw->create(SDQN_PICTURE_WIDTH, SDQN_PICTURE_HEIGHT, &made->canvas, error);
    if (status != SDQN_OK) {
        free(made);
        return status;
    }
    *picture = made;
    return SDQN_OK;
}

void sdqn_picture_destroy(SdqnPicture *picture) {
    if (picture == NULL) return;
    picture->draw->destroy(picture->canvas);
    free(picture);
}

static SdqnStatus check_begun(const SdqnEnv *env, SdqnError *error) {
    return env->begun ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_ARGUMENT, "picture: the environment has not been reset");
}

static void step(SdqnPicture *picture, const SdqnEnv *env, SdqnThrust thrust) {
    if (env->lander.steps == 0) picture->flames.count = 0; // those of the episode before
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    sdqn_flames_step(&picture->flames, &env->lander, thrust);
    sdqn_cpu_mode_restore(mode);
}

SdqnStatus sdqn_picture_step(SdqnPicture *picture, const SdqnEnv *env, int action, SdqnError *error) {
    const SdqnStatus status = check_begun(env, error);
    if (status != SDQN_OK) return status;
    if (action < 0 || action >= SDQN_LANDER_NUM_ACTIONS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "picture: action = %d: must be in [0, %d)", action, SDQN_LANDER_NUM_ACTIONS);
    step(picture, env, sdqn_thrust_of_action(action));
    return SDQN_OK;
}

SdqnStatus sdqn_picture_step_continuous(SdqnPicture *picture, const SdqnEnv *env, const double *action, SdqnError *error) {
    const SdqnStatus status = check_begun(env, error);
    if (status != SDQN_OK) return status;
    if (!isfinite(action[0]) || !isfinite(action[1]))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "picture: action = (%g, %g): must be finite", action[0], action[1]);
    step(picture, env, sdqn_thrust_of_continuous(action));
    return SDQN_OK;
}

SdqnStatus sdqn_picture_draw(SdqnPicture *picture, const SdqnEnv *env, uint8_t *rgb, SdqnError *error) {
    SdqnStatus status = check_begun(env, error);
    if (status != SDQN_OK) return status;
    sdqn_scene_make(&picture->scene, &env->lander, env->lander.steps == 0 ? NULL : &picture->flames);
    status = picture->draw->draw(picture->canvas, &picture->scene, error);
    if (status != SDQN_OK) return status;
    size_t stride;
    const uint8_t *pixels = picture->draw->pixels(picture->canvas, &stride);
    for (size_t row = 0; row < SDQN_PICTURE_HEIGHT; row++) {
        const uint32_t *from = (const uint32_t *)(const void *)(pixels + row * stride);
        uint8_t *to = rgb + row * SDQN_PICTURE_WIDTH * 3;
        for (size_t column = 0; column < SDQN_PICTURE_WIDTH; column++, to += 3) {
            to[0] = (uint8_t)(from[column] >> 16);
            to[1] = (uint8_t)(from[column] >> 8);
            to[2] = (uint8_t)from[column];
        }
    }
    return SDQN_OK;
}
