// The complete flow of document S3, with the SDK's requests made by fetch.
async function call(path, body) {
const response = await fetch(`${BASE_URL}/v1/server${path}`, {
method: 'POST',
headers: {
'Authorization': `Bearer ${KEY}`,
'Content-Type': 'application/json'
},
body: JSON.stringify(body)
});
const answer = await response.json();
if (!response.ok) {
throw new Error(`${response.status} ${answer.code}: ${answer.message ?? answer.error}`);
}
return answer.data;
}
const server = {
coupons: {
validate: (body) => call('/coupons/validate', body),
redeem: (body) => call('/coupons/redeem', body)
}
};
const granted = [];
async function giveItemToUser(userId, itemId, itemQuantity) {
granted.push({ userId, itemId, itemQuantity });
}

async function redeemCoupon(userId, couponCode) {
  // 1. Validate
  const validation = await server.coupons.validate({ couponCode, userId });

  if (!validation.valid) {
    return {
      success: false,
      error: validation.errorCode,
      message: validation.errorMessage,
    };
  }

  // 2. Redeem
  const result = await server.coupons.redeem({ couponCode, userId });

  // 3. Grant in-game rewards
  for (const reward of result.reward) {
    await giveItemToUser(userId, reward.itemId, reward.itemQuantity);
  }

  return { success: true, reward: result.reward };
}

const first = await redeemCoupon('user_12345', 'CREATOR-ABC12-001');
const second = await redeemCoupon('user_12345', 'CREATOR-ABC12-001');
const unknown = await redeemCoupon('user_12345', 'INVALID-CODE');
let refused;
try {
await server.coupons.redeem({ couponCode: 'CREATOR-ABC12-001', userId: 'user_12345' });
} catch (error) {
refused = error.message;
}
console.log(JSON.stringify({ first, second, unknown, refused, granted }));
