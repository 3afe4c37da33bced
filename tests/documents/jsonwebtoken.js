// Stands in for the package of this name: all that the documents' program asks of it.
const { createHmac } = require('node:crypto');

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

exports.sign = (claims, secret, { algorithm }) => {
  if (algorithm !== 'HS256') throw new Error(`no ${algorithm} here`);
  const signed = `${encoded({ alg: algorithm, typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
