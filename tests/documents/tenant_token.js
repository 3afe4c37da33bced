const jwt = require('jsonwebtoken');

function createTenantJWT(tenantId, tenantSecret, userId, expiresIn = 3600) {
  const now = Math.floor(Date.now() / 1000);
  return jwt.sign({
    sub: userId,
    sub_type: 'tenant',
    sub_id: tenantId,
    iat: now,
    exp: now + expiresIn,
  }, tenantSecret, { algorithm: 'HS256' });
}
