/** Batches and jobs: what workers do in the background. */

import type { Pages } from "../pages.js";
import { AdminResource, type Query, type Schemas } from "./resource.js";
import { waitFor, type WaitOptions } from "./waiting.js";

/**
 * Batches: generations in the background.
 *
 * @example
 * const started = await admin.generate(definitionId, { count: 2_000 });
 * if ("batch_id" in started) {
 *   const done = await admin.batches.wait(started.batch_id, {
 *     progress: ({ generated, requested }) => generated <= requested,
 *   });
 *   console.log(done.state, done.generated); // completed 2000
 *   await admin.batches.suspend(done.batch_id);
 *   console.log((await admin.batches.resume(done.batch_id)).suspended_at); // null
 * }
 */
export class Batches extends AdminResource {
  /** List the batches, newest first. */
  list(query?: Query<"/batches">): Pages<Schemas["Batch"]> {
    return this.pages("/batches", [], "batches", query);
  }

  /** Return a batch. */
  get(batchId: string): Promise<Schemas["Batch"]> {
    return this.send("get", "/batches/{batch_id}", [batchId]);
  }

  /** Wait until a batch is completed, failed or cancelled, and return it. */
  wait(
    batchId: string,
    options: WaitOptions<Schemas["Batch"]> = {},
  ): Promise<Schemas["Batch"]> {
    return waitFor(`Batch ${batchId}`, () => this.get(batchId), options);
  }

  /**
   * Stop a batch; the codes that exist stay.
   *
   * @example
   * const started = await admin.generate(definitionId, { count: 1_000_000 });
   * const { batch_id } = started as Admin.Batch;
   * console.log((await admin.batches.cancel(batch_id)).state); // cancelled
   * console.log((await admin.batches.get(batch_id)).state); // cancelled
   * console.log((await admin.batches.list({ limit: 1 }).page()).items.length); // 1
   * console.log((await admin.batches.restore(batch_id)).state); // completed
   */
  cancel(batchId: string): Promise<Schemas["Batch"]> {
    return this.send("post", "/batches/{batch_id}/cancel", [batchId]);
  }

  /** Stop a batch and the use of its codes until it is resumed. */
  suspend(batchId: string): Promise<Schemas["Batch"]> {
    return this.send("post", "/batches/{batch_id}/suspend", [batchId]);
  }

  /** End the suspension. */
  resume(batchId: string): Promise<Schemas["Batch"]> {
    return this.send("post", "/batches/{batch_id}/resume", [batchId]);
  }

  /** Make the revoked codes of a batch valid again. */
  restore(batchId: string): Promise<Schemas["CodeJob"]> {
    return this.send("post", "/batches/{batch_id}/restore", [batchId]);
  }
}

/**
 * Jobs: changes of many codes, and imports.
 *
 * @example
 * console.log((await admin.jobs.wait(jobId)).state); // completed
 * console.log((await admin.jobs.get(jobId)).kind); // revoke
 * console.log((await admin.jobs.list({ limit: 1 }).page()).items.length); // 1
 */
export class Jobs extends AdminResource {
  /** List the jobs, newest first. */
  list(query?: Query<"/codes/jobs">): Pages<Schemas["CodeJob"]> {
    return this.pages("/codes/jobs", [], "jobs", query);
  }

  /** Return a job. */
  get(jobId: string): Promise<Schemas["CodeJob"]> {
    return this.send("get", "/codes/jobs/{job_id}", [jobId]);
  }

  /** Wait until a job is completed, and return it. */
  wait(
    jobId: string,
    options: WaitOptions<Schemas["CodeJob"]> = {},
  ): Promise<Schemas["CodeJob"]> {
    return waitFor(`Job ${jobId}`, () => this.get(jobId), options);
  }
}
