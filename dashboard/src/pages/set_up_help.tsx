// SPDX-License-Identifier: MIT
import { useQuery } from "@tanstack/react-query";
import { drawCode } from "../api/client";
import { hotspotOf } from "../model/device_code";

/** A picture of a text, for a phone's camera. Without the server's help there is none. */
function CodeImage(props: { text: string; label: string }) {
  const image = useQuery({
    queryKey: ["code", props.text],
    queryFn: ({ signal }) => drawCode(props.text, signal),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  if (image.data === undefined) return null;
  return <img className="code-image" src={image.data} alt={props.label} />;
}

/** How to get onto the device's hotspot, as well as the label's secret tells. */
export function JoinHotspot(props: { secret: Uint8Array<ArrayBuffer> | null }) {
  const { secret } = props;
  const hotspot = useQuery({
    queryKey: ["hotspot", secret === null ? "" : Array.from(secret).join()],
    queryFn: () => (secret === null ? null : hotspotOf(secret)),
    staleTime: Infinity,
    gcTime: 0,
  });
  if (!hotspot.data) {
    return (
      <p>
        Switch the device on and join its hotspot with your phone. Name and password are on its
        label; scanning the label’s other code joins by itself.
      </p>
    );
  }
  return (
    <>
      <p>
        Switch the device on and join the hotspot whose name ends with{" "}
        <code>{hotspot.data.nameEnd}</code>, with this password:
      </p>
      <p>
        <code className="hotspot-password">{hotspot.data.password}</code>
      </p>
    </>
  );
}

/** The same token as a link for the phone that has joined the hotspot. */
export function SetUpLink(props: { token: string }) {
  const link = `http://192.168.4.1/#token=${props.token}`;
  return (
    <figure className="set-up-link">
      <CodeImage text={link} label="Code that opens the set-up page with the enrolment code" />
      <figcaption className="muted small">
        Or, once the phone is on the hotspot, scan this code: it opens the page with the enrolment
        code filled in.
      </figcaption>
    </figure>
  );
}
