// A real OpenID Connect provider for the tests: node provider.mjs PORT REDIRECT_URI. It says one line
// with its issuer when it is ready. Its own login form takes any name with any password.
//
// GET /twist/HOW makes it lie from then on: the ID tokens it gives are changed afterwards, as an
// attacker or another client would have them. GET /twist/none makes it honest again.
import { Provider } from 'oidc-provider';
import { SignJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';

const [port, back] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const CLIENT = { client_id: 'kezhuan', client_secret: 'only for tests, and long enough' };

const ours = await generateKeyPair('RS256', { extractable: true });
const strangers = await generateKeyPair('RS256', { extractable: true });
const jwk = { ...(await exportJWK(ours.privateKey)), kid: 'ours', alg: 'RS256', use: 'sig' };

const provider = new Provider(issuer, {
  clients: [
    {
      ...CLIENT,
      redirect_uris: [back],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  jwks: { keys: [jwk] },
  cookies: { keys: ['only for tests'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
});

let twist = 'none';

async function twisted(token) {
  const header = decodeProtectedHeader(token);
  const claims = decodeJwt(token);
  const [head, , signature] = token.split('.');
  const encoded = (it) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const signed = (changed, by = ours.privateKey, how = header) =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader(how).sign(by);
  switch (twist) {
    case 'audience':
      return signed({ aud: 'another-client' });
    case 'issuer':
      return signed({ iss: 'http://127.0.0.1:1' });
    case 'expired':
      return signed({ exp: claims.iat - 60 });
    case 'nonce':
      return signed({ nonce: 'another' });
    case 'subject':
      return [head, encoded({ ...claims, sub: 'somebody-else' }), signature].join('.');
    case 'stranger':
      return signed({}, strangers.privateKey);
    case 'unsigned':
      return [encoded({ alg: 'none' }), encoded(claims), ''].join('.');
    case 'shared-secret':
      return signed({}, Buffer.from(CLIENT.client_secret), { alg: 'HS256' });
    default:
      return token;
  }
}

provider.use(async (ctx, next) => {
  const how = ctx.path.match(/^\/twist\/(.+)$/);
  if (how) {
    twist = how[1];
    ctx.body = twist;
    return;
  }
  await next();
  if (ctx.path === '/token' && ctx.body?.id_token) {
    ctx.body = { ...ctx.body, id_token: await twisted(ctx.body.id_token) };
  }
});

provider.listen(Number(port), '127.0.0.1', () => console.log(`ready at ${issuer}`));
