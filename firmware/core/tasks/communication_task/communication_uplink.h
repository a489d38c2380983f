// SPDX-License-Identifier: MIT
#pragma once

/// The half of the communication task that publishes. For communication_task.c only.

#include "communication_task.h"

/// A session has begun: everything about the present is due.
void communication_uplink_begin(struct communication_task *task, uint64_t now_us);

/// Looks after the journal: releases, anchors, the newest reading. Does nothing while the lock is
/// held by another task.
void communication_uplink_mind_journal(struct communication_task *task, uint64_t now_us);

/// Publishes what is due. Needs a session.
void communication_uplink_publish(struct communication_task *task, uint64_t now_us);

/// Takes what the button task has answered.
void communication_uplink_take_results(struct communication_task *task, uint64_t now_us);

/// Publishes the retained word that the device has left. Needs a session.
void communication_uplink_say_offline(struct communication_task *task);
