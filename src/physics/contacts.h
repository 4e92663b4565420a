// contacts.h: the world's contacts: pairs by fat boxes, manifolds, and the events of touching and parting.
#ifndef SDQN_PHYSICS_CONTACTS_H
#define SDQN_PHYSICS_CONTACTS_H

#include "physics/world.h"

/// Make contacts for new overlaps of fat boxes of the bodies in `moved` (bit i for body i), in order of edge, then body.
void sdqn_contacts_find_new(SdqnWorld *world, unsigned moved);

/// Start of a step: drop contacts whose fat boxes have parted, update the manifolds of the others.
void sdqn_contacts_collide(SdqnWorld *world);

/// New manifold at the body's transform; points that persist keep their impulses; events are noted.
void sdqn_contact_update(SdqnWorld *world, SdqnContact *contact);

/// After a body has moved: make its fat box follow, if the body has left it.
/// @return true if the box changed, so that new overlaps must be looked for
bool sdqn_body_synchronize_box(SdqnBody *body, const SdqnPolygon *polygon);

#endif
