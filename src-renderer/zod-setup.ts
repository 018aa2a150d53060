/**
 * Imported before anything else: zod probes `new Function` when the first schema is made, and the
 * page's content security policy forbids that.
 */
import * as z from 'zod';

z.config({ jitless: true });
