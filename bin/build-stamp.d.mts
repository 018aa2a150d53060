export const stampFile: string;
export function isCheckout(root: string): boolean;
export function hashOfInputs(root: string): string;
export function isBuilt(root: string): boolean;
