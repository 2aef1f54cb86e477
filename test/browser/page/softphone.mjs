/** The least softphone there is: sip.js with nothing around it. Bundled for the test page. */
import { Inviter, SessionState, UserAgent } from 'sip.js';

/** A tone is what noise suppression takes away. */
const PLAIN_SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

let agent;
let session;

function until(state) {
  return new Promise((resolve, reject) => {
    const look = (now) => {
      if (now === state) resolve();
      else if (now === SessionState.Terminated) reject(new Error('the call ended'));
    };
    look(session.state);
    session.stateChange.addListener(look);
  });
}

window.softphone = {
  async connect(server) {
    agent = new UserAgent({
      uri: UserAgent.makeURI('sip:web@browser.invalid'),
      transportOptions: { server },
      logLevel: 'error',
      sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: [] } },
    });
    await agent.start();
  },
  async call(target, headers = []) {
    session = new Inviter(agent, UserAgent.makeURI(target), {
      extraHeaders: headers,
      sessionDescriptionHandlerOptions: { constraints: { audio: PLAIN_SOUND, video: false } },
    });
    await session.invite({
      requestDelegate: { onReject: ({ message }) => (window.softphone.refusal = message.statusCode) },
    });
    await until(SessionState.Established);
  },
  async reinvite(options) {
    await new Promise((resolve, reject) => {
      void session.invite({
        ...options,
        requestDelegate: { onAccept: resolve, onReject: ({ message }) => reject(new Error(`${message.statusCode}`)) },
      });
    });
  },
  hold: (hold) => {
    session.sessionDescriptionHandlerOptionsReInvite = { hold };
    return window.softphone.reinvite({ sessionDescriptionHandlerOptions: { hold } });
  },
  restartIce: () =>
    window.softphone.reinvite({ sessionDescriptionHandlerOptions: { offerOptions: { iceRestart: true } } }),
  async untilIceConnected() {
    const connection = session.sessionDescriptionHandler.peerConnection;
    while (!['connected', 'completed'].includes(connection.iceConnectionState)) {
      await new Promise((done) => connection.addEventListener('iceconnectionstatechange', done, { once: true }));
    }
  },
  press: (keys) => session.sessionDescriptionHandler.sendDtmf(keys),
  pressByInfo: (key) =>
    session.info({
      requestOptions: {
        body: {
          contentDisposition: 'render',
          contentType: 'application/dtmf-relay',
          content: `Signal=${key}\r\nDuration=200`,
        },
      },
    }),
  ended: () => session?.state === SessionState.Terminated,
  hangUp: async () => {
    await session.bye();
    await until(SessionState.Terminated);
  },
  close: () => agent.stop(),
};
