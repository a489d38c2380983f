// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { clearTamper } from "../api/client";
import type { Device } from "../api/types";
import { ConfirmDialog } from "../ui/confirm_dialog";
import { Icon } from "../ui/icons";

/** Says that the case was opened, for as long as nobody has cleared that. */
export function TamperNote(props: { device: Device; name: string }) {
  const { device, name } = props;
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const count = device.tamper?.count ?? 0;
  const clear = useMutation({
    mutationFn: () => clearTamper(device.device_id, count),
    onSettled: () => void client.invalidateQueries({ queryKey: ["device", device.device_id] }),
  });
  if (device.tamper?.latched !== true) return null;
  return (
    <>
      <div className="note" data-kind="error" role="alert">
        <Icon name="warning" />
        <span>
          {device.tamper.case_open
            ? "The case is open. Every relay is off and stays off."
            : `The case was opened (${count === 1 ? "once" : `${count} times`} so far). Every relay is off, and stays off until somebody who has looked at the device clears this.`}
          {clear.isError && ` ${clear.error.message}`}
        </span>
        <button
          className="button"
          aria-disabled={clear.isPending || device.tamper.case_open || !device.online}
          onClick={() => {
            if (!clear.isPending && !device.tamper?.case_open && device.online) setAsking(true);
          }}
        >
          Clear
        </button>
      </div>
      <ConfirmDialog
        open={asking}
        title="Is the device in order?"
        action="Clear"
        onConfirm={() => clear.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>
          Somebody opened the case of {name}. Clear this only when the device has been looked at:
          its wiring, its seals and its relays. The relays stay off until they are switched.
        </p>
      </ConfirmDialog>
    </>
  );
}
