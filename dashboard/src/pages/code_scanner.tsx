// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from "react";
import { Icon } from "../ui/icons";

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

declare global {
  interface Window {
    BarcodeDetector?: new (options: { formats: string[] }) => Detector;
  }
}

const LOOK_MS = 250;

/** Whether this browser can read a code with its camera. */
export function canScan(): boolean {
  return "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia !== undefined;
}

/** Shows the camera until it sees the code of a label. */
export function CodeScanner(props: { onFound: (text: string) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const found = useRef(props.onFound);
  found.current = props.onFound;

  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setInterval> | undefined;
    let ended = false;

    async function look(detector: Detector): Promise<void> {
      if (video.current === null || ended) return;
      const codes = await detector.detect(video.current).catch(() => []);
      const label = codes.find(({ rawValue }) => rawValue.startsWith("EM1:"));
      if (label !== undefined && !ended) found.current(label.rawValue);
    }

    async function start(): Promise<void> {
      if (window.BarcodeDetector === undefined) return;
      const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (ended || video.current === null) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      video.current.srcObject = stream;
      await video.current.play();
      timer = setInterval(() => void look(detector), LOOK_MS);
    }

    start().catch(() => setFailure("The camera cannot be used. Type the code instead."));
    return () => {
      ended = true;
      clearInterval(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);

  return (
    <div className="scanner">
      {failure === null ? (
        <video ref={video} muted playsInline aria-label="The camera’s picture" />
      ) : (
        <p className="note" data-kind="error" role="alert">
          <Icon name="warning" />
          <span>{failure}</span>
        </p>
      )}
      <button className="button" data-size="small" type="button" onClick={props.onClose}>
        Close the camera
      </button>
    </div>
  );
}
