#include "physics/contacts.h"

#include "physics/tuning.h"

#include <string.h>

static bool contact_exists(const SdqnWorld *world, int edge, int body) {
    for (int i = 0; i < world->num_contacts; i++)
        if (world->contacts[i].edge == edge && world->contacts[i].body == body) return true;
    return false;
}

void sdqn_contacts_find_new(SdqnWorld *world, unsigned moved) {
    for (int body = 0; body < SDQN_NUM_BODIES; body++)
        if (world->bodies[body].fat.lower.y > world->ground_top) moved &= ~(1u << body); // above all edges
    if (!moved) return;
    // Box2D sorts its pairs by the ids of the two boxes, which grow in the order the shapes were made: edges, hull, legs.
    for (int edge = 0; edge < SDQN_NUM_EDGES; edge++) {
        for (int body = 0; body < SDQN_NUM_BODIES; body++) {
            if (!(moved >> body & 1u) || !sdqn_aabb_overlap(world->edges[edge].fat, world->bodies[body].fat)) continue;
            if (contact_exists(world, edge, body)) continue;
            world->contacts[world->num_contacts++] = (SdqnContact){
                .edge = edge,
                .body = body,
                .friction = sqrtf(world->edges[edge].friction * world->body_friction[body]),
                .enabled = 1,
            };
        }
    }
}

static void note_event(SdqnWorld *world, int body, bool begins) {
    world->touch_state[body] = begins;
    if (begins) world->has_touched[body] = 1;
}

void sdqn_contact_update(SdqnWorld *world, SdqnContact *contact) {
    SdqnManifold old = contact->manifold;
    SdqnManifold *now = &contact->manifold;
    contact->enabled = 1;
    sdqn_manifold_collide(&world->edges[contact->edge], sdqn_world_polygon(world, contact->body), world->bodies[contact->body].transform,
                          now);
    for (int i = 0; i < now->count; i++) {
        for (int j = 0; j < old.count; j++) {
            if (old.point[j].id != now->point[i].id) continue;
            now->point[i].normal_impulse = old.point[j].normal_impulse;
            now->point[i].tangent_impulse = old.point[j].tangent_impulse;
            break;
        }
    }
    bool touching = now->count > 0;
    if (touching != (contact->touching != 0)) note_event(world, contact->body, touching);
    contact->touching = touching;
}

static void destroy_contact(SdqnWorld *world, int i) {
    if (world->contacts[i].touching) note_event(world, world->contacts[i].body, false);
    world->num_contacts--;
    memmove(&world->contacts[i], &world->contacts[i + 1], (size_t)(world->num_contacts - i) * sizeof world->contacts[0]);
}

void sdqn_contacts_collide(SdqnWorld *world) {
    if (!world->awake) return;
    for (int i = world->num_contacts - 1; i >= 0; i--) {
        SdqnContact *contact = &world->contacts[i];
        if (sdqn_aabb_overlap(world->edges[contact->edge].fat, world->bodies[contact->body].fat))
            sdqn_contact_update(world, contact);
        else
            destroy_contact(world, i);
    }
}

bool sdqn_body_synchronize_box(SdqnBody *body, const SdqnPolygon *polygon) {
    // The box spans the whole step, from where the sweep starts to where the body is.
    SdqnTransform start = sdqn_transform_at(body->sweep.center0, body->sweep.angle0, body->sweep.local_center);
    SdqnAabb a = sdqn_polygon_aabb(polygon, start), b = sdqn_polygon_aabb(polygon, body->transform);
    SdqnAabb box = {{sdqn_min(a.lower.x, b.lower.x), sdqn_min(a.lower.y, b.lower.y)},
                    {sdqn_max(a.upper.x, b.upper.x), sdqn_max(a.upper.y, b.upper.y)}};
    if (sdqn_aabb_contains(body->fat, box)) return false;
    SdqnVec2 extension = {SDQN_AABB_EXTENSION, SDQN_AABB_EXTENSION};
    SdqnVec2 ahead = sdqn_scale(SDQN_AABB_MULTIPLIER, sdqn_sub(body->transform.p, start.p));
    box = (SdqnAabb){sdqn_sub(box.lower, extension), sdqn_add(box.upper, extension)};
    if (ahead.x < 0.0f)
        box.lower.x += ahead.x;
    else
        box.upper.x += ahead.x;
    if (ahead.y < 0.0f)
        box.lower.y += ahead.y;
    else
        box.upper.y += ahead.y;
    body->fat = box;
    return true;
}
