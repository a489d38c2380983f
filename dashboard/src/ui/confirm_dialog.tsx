// SPDX-License-Identifier: MIT
import { useEffect, useId, useRef, type ReactNode } from "react";

/**
 * A question before something big happens. The browser's own modal dialogue keeps the focus
 * inside, closes on Escape and gives the focus back; the harmless answer has it at first.
 */
export function ConfirmDialog(props: {
  open: boolean;
  title: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { open, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{props.title}</h2>
      {props.children}
      <div className="dialog-actions">
        <button className="button" onClick={onClose} type="button">
          Cancel
        </button>
        <button
          className="button"
          data-kind="primary"
          type="button"
          onClick={() => {
            props.onConfirm();
            onClose();
          }}
        >
          {props.action}
        </button>
      </div>
    </dialog>
  );
}
