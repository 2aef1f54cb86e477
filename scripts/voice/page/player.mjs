// One player for all; without it the links still open the sounds.
const audio = new Audio();
const now = document.getElementById('now');
let playing = null;
let queue = [];

function stop() {
  audio.pause();
  if (playing) playing.classList.remove('playing');
  playing = null;
  now.textContent = '';
}

function start(link) {
  stop();
  playing = link;
  link.classList.add('playing');
  now.textContent = link.closest('tr').querySelector('th').textContent;
  next(link.dataset.files.split(' '));
}

/** Plays the files of one cell without a gap longer than they have themselves, then the next cell of the queue. */
function next(files) {
  const [file, ...rest] = files;
  if (file === undefined) {
    const link = queue.shift();
    if (link) start(link);
    else stop();
    return;
  }
  audio.src = file;
  audio.onended = () => next(rest);
  audio.play().catch(stop);
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a.play');
  if (!link) return;
  event.preventDefault();
  queue = [];
  if (link === playing) stop();
  else start(link);
});

document.getElementById('all').addEventListener('click', () => {
  if (playing) {
    queue = [];
    stop();
    return;
  }
  queue = [...document.querySelectorAll('tr:not([hidden]) a.play')];
  const first = queue.shift();
  if (first) start(first);
});

document.getElementById('find').addEventListener('input', (event) => {
  const words = event.target.value.toLowerCase();
  for (const row of document.querySelectorAll('tbody tr')) {
    row.hidden = !row.textContent.toLowerCase().includes(words);
  }
  for (const section of document.querySelectorAll('section')) {
    section.hidden = !section.querySelector('tbody tr:not([hidden])');
  }
});
