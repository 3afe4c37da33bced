// Your proxy server issues this JWT after user login
const jwtToken = await getAuthToken();
const userId = 'user_123'; // tenant from JWT
// Get user's coupons
async function getUserCoupons() {
const response = await fetch(
`${QUERY_API_URL}/v1/coupons/user/${userId}`,
{
headers: {
'Authorization': `Bearer ${jwtToken}`
}
}
);
return response.json();
}
// Validate a coupon code
async function validateCoupon(code) {
const response = await fetch(
`${QUERY_API_URL}/v1/coupons/validate/${code}`,
{
headers: {
'Authorization': `Bearer ${jwtToken}`
}
}
);
const result = await response.json();
if (!result.valid) {
throw new Error(result.error);
}
return result.coupon;
}
// Redeem a coupon
async function redeemCoupon(code) {
const response = await fetch(
`${QUERY_API_URL}/v1/coupons/redeem/${code}`,
{
method: 'POST',
headers: {
'Authorization': `Bearer ${jwtToken}`,
'Content-Type': 'application/json'
},
body: JSON.stringify({ user_id: userId })
}
);
if (!response.ok) {
const error = await response.json();
throw new Error(error.message || 'Redemption failed');
}
return response.json();
}
// Usage
try {
// First validate
const coupon = await validateCoupon('WELCOME8X4F2K9P');
console.log('Coupon is valid:', coupon.reward_item.name);
// Then redeem
const redeemed = await redeemCoupon('WELCOME8X4F2K9P');
console.log('Redeemed! Reward:', redeemed.reward_item);
} catch (error) {
console.error('Coupon error:', error.message);
}
