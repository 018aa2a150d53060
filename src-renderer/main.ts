import './zod-setup';
import './ui/tokens.css';
import './ui/base.css';
import { mount } from 'svelte';
import Root from './Root.svelte';
import { Workstation } from './workstation';

const target = document.getElementById('root');
if (!target) throw new Error('index.html has no #root');

const workstation = new Workstation();
mount(Root, { target, props: { workstation } });
workstation.start();
