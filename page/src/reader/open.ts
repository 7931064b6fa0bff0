// A file of a known kind, dropped on the page or behind a URL.

import { isHdf5, openHdf5 } from "./hdf5.ts";
import { isSafetensors, openSafetensors } from "./safetensors.ts";
import { type ValueSource, ofBlob, ofUrl } from "./source.ts";

export async function openBlob(file: File, group: string): Promise<ValueSource> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const read = ofBlob(file);
  if (isHdf5(head)) return { name: file.name, arrays: await openHdf5(read, file.size, group) };
  if (isSafetensors(head)) return { name: file.name, arrays: await openSafetensors(read, file.size) };
  throw new Error(`${file.name} is neither a checkpoint of hdfsaver (.h5) nor a safetensors file.`);
}

/** A checkpoint behind a URL. */
export async function openUrl(url: string, group: string): Promise<ValueSource> {
  return { name: url, arrays: await openHdf5(ofUrl(url), Infinity, group) };
}
