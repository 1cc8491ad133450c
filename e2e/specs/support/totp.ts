import { createHmac } from "node:crypto";
import { expect } from "@playwright/test";

const stepSeconds = 30;

/** The code that an authenticator app shows now (RFC 6238: SHA-1, 6 digits). */
export function totp(secret: string): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(currentStep()));
  const mac = createHmac("sha1", base32(secret)).update(counter).digest();
  const offset = mac[mac.length - 1] & 0x0f;
  const value = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(value % 1_000_000).padStart(6, "0");
}

/** A code that is surely not the one of now. */
export function wrongTOTP(secret: string): string {
  return String((Number(totp(secret)) + 1) % 1_000_000).padStart(6, "0");
}

export function currentStep(): number {
  return Math.floor(Date.now() / 1000 / stepSeconds);
}

/** Directus takes a code within its own 30 seconds only: waits for enough of them. */
export async function freshStep(seconds: number): Promise<void> {
  const left = () => stepSeconds - ((Date.now() / 1000) % stepSeconds);
  await expect.poll(left, { timeout: (stepSeconds + 1) * 1000, intervals: [200] }).toBeGreaterThan(seconds);
}

/** Waits for a step after the one given, with enough of it left: codes work once. */
export async function nextStep(step: number): Promise<void> {
  await expect.poll(currentStep, { timeout: (stepSeconds + 1) * 1000, intervals: [200] }).toBeGreaterThan(step);
  await freshStep(10);
}

function base32(text: string): Buffer {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of text.toUpperCase().replace(/=+$/, "")) {
    bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
