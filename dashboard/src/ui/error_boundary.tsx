// SPDX-License-Identifier: MIT
import { Component, type ReactNode } from "react";
import { EmptyState } from "./parts";

/** Keeps a fault of one page from taking the rest of the application with it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { fault: Error | null }> {
  override state: { fault: Error | null } = { fault: null };

  static getDerivedStateFromError(fault: unknown): { fault: Error } {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override render(): ReactNode {
    if (this.state.fault === null) return this.props.children;
    return (
      <EmptyState title="This page has failed" icon="warning">
        <p role="alert">{this.state.fault.message}</p>
        <button className="button" onClick={() => this.setState({ fault: null })}>
          Show it again
        </button>
      </EmptyState>
    );
  }
}
