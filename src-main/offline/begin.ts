/**
 * The first import of every process and thread of the program: modules are evaluated in the order of
 * their imports, so nothing that a process is made of runs before its sockets are refused.
 */
import { refuseSockets } from './refuse-sockets';

refuseSockets();
