// SPDX-License-Identifier: MIT
#pragma once

/// What the button asked for and nobody carried out, kept across the restart that it caused.
///
/// The boot reads the note first, carries it out, and clears it only when that is done; so a boot
/// that dies half-way finds it again. A note is a set: a second wish does not displace the first.
/// Random content after a power cut reads as no note.

#include <stdbool.h>

#include "button.h"
#include "retained_memory.h"

/// Adds `action` to the note. A reset in the middle leaves the old note, none, or the new one.
void restart_note_add(struct retained_memory *memory, enum button_action action);

/// Tells whether the note asks for `action`. BUTTON_ACTION_NONE is never asked for.
bool restart_note_holds(const struct retained_memory *memory, enum button_action action);

void restart_note_clear(struct retained_memory *memory);
