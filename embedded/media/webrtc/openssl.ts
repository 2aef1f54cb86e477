/**
 * OpenSSL as it is inside of Node itself, called through koffi: DTLS, which node:tls does not have, and ciphers at a tenth
 * of what node:crypto costs for a packet. Pointers are plain numbers; OpenSSL's structures are never looked into.
 */
import { createRequire } from 'node:module';
import type { KoffiFunction, KoffiModule } from '../worker/koffi.ts';

export interface OpenSsl {
  readonly call: { readonly [N in keyof typeof FUNCTIONS]: KoffiFunction };
  /** Where in memory the buffer begins; it must never be resized. */
  addressOf(buffer: ArrayBuffer): number;
  /** Address of a function for OpenSSL to ask whether a certificate is to be trusted: always, for the fingerprint decides. */
  trustAnyCertificate(): { readonly address: number; free(): void };
}

const FUNCTIONS = {
  dtlsMethod: 'uint64_t DTLS_method()',
  contextNew: 'uint64_t SSL_CTX_new(uint64_t)',
  contextFree: 'void SSL_CTX_free(uint64_t)',
  contextUseCertificate: 'int SSL_CTX_use_certificate_ASN1(uint64_t, int, uint64_t)',
  contextUsePrivateKey: 'int SSL_CTX_use_PrivateKey_ASN1(int, uint64_t, uint64_t, long)',
  contextUseSrtp: 'int SSL_CTX_set_tlsext_use_srtp(uint64_t, const char *)',
  contextControl: 'long SSL_CTX_ctrl(uint64_t, int, long, uint64_t)',
  contextSetOptions: 'uint64_t SSL_CTX_set_options(uint64_t, uint64_t)',
  sslNew: 'uint64_t SSL_new(uint64_t)',
  sslFree: 'void SSL_free(uint64_t)',
  sslSetBio: 'void SSL_set_bio(uint64_t, uint64_t, uint64_t)',
  sslSetConnectState: 'void SSL_set_connect_state(uint64_t)',
  sslSetAcceptState: 'void SSL_set_accept_state(uint64_t)',
  sslControl: 'long SSL_ctrl(uint64_t, int, long, uint64_t)',
  sslSetVerify: 'void SSL_set_verify(uint64_t, int, uint64_t)',
  sslHandshake: 'int SSL_do_handshake(uint64_t)',
  sslRead: 'int SSL_read(uint64_t, uint64_t, int)',
  sslError: 'int SSL_get_error(uint64_t, int)',
  sslShutdown: 'int SSL_shutdown(uint64_t)',
  sslPeerCertificate: 'uint64_t SSL_get1_peer_certificate(uint64_t)',
  sslSrtpProfile: 'uint64_t SSL_get_selected_srtp_profile(uint64_t)',
  sslExportKeys:
    'int SSL_export_keying_material(uint64_t, uint64_t, size_t, const char *, size_t, uint64_t, size_t, int)',
  certificateDigest: 'int X509_digest(uint64_t, uint64_t, uint64_t, uint64_t)',
  certificateFree: 'void X509_free(uint64_t)',
  memoryBioMethod: 'uint64_t BIO_s_mem()',
  bioNew: 'uint64_t BIO_new(uint64_t)',
  bioControl: 'long BIO_ctrl(uint64_t, int, long, uint64_t)',
  bioRead: 'int BIO_read(uint64_t, uint64_t, int)',
  bioWrite: 'int BIO_write(uint64_t, uint64_t, int)',
  errorsClear: 'void ERR_clear_error()',
  sha1: 'uint64_t EVP_sha1()',
  sha256: 'uint64_t EVP_sha256()',
  aes128Counter: 'uint64_t EVP_aes_128_ctr()',
  cipherNew: 'uint64_t EVP_CIPHER_CTX_new()',
  cipherFree: 'void EVP_CIPHER_CTX_free(uint64_t)',
  cipherInit: 'int EVP_EncryptInit_ex(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)',
  cipherUpdate: 'int EVP_EncryptUpdate(uint64_t, uint64_t, uint64_t, uint64_t, int)',
  hmacNew: 'uint64_t HMAC_CTX_new()',
  hmacFree: 'void HMAC_CTX_free(uint64_t)',
  hmacInit: 'int HMAC_Init_ex(uint64_t, uint64_t, int, uint64_t, uint64_t)',
  hmacUpdate: 'int HMAC_Update(uint64_t, uint64_t, size_t)',
  hmacFinal: 'int HMAC_Final(uint64_t, uint64_t, uint64_t)',
} as const;

/** @throws Error when koffi or a function of OpenSSL is missing */
export function loadOpenSsl(): OpenSsl {
  const koffi = createRequire(import.meta.url)('koffi') as KoffiModule;
  const process = koffi.load(null);
  const call = Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, definition]) => [name, process.func(definition)]),
  );
  return {
    call: call as OpenSsl['call'],
    addressOf: (buffer) => Number(koffi.address(buffer)),
    trustAnyCertificate: () => {
      const pointer = koffi.register(() => 1, koffi.pointer(koffi.proto('int (int, uint64_t)')));
      return { address: Number(pointer), free: () => koffi.unregister(pointer) };
    },
  };
}
