import requests
QUERY_API_URL = 'https://query.api.yourgame.gg'
JWT = 'your-jwt-token' # tenant/user from token
def get_user_coupons(user_id: str) -> dict:
    response = requests.get(
        f'{QUERY_API_URL}/v1/coupons/user/{user_id}',
        headers={'Authorization': f'Bearer {JWT}'}
    )
    response.raise_for_status()
    return response.json()
def redeem_coupon(user_id: str, code: str) -> dict:
    response = requests.post(
        f'{QUERY_API_URL}/v1/coupons/redeem/{code}',
        headers={
            'Authorization': f'Bearer {JWT}',
            'Content-Type': 'application/json'
        },
        json={'user_id': user_id}
    )
    response.raise_for_status()
    return response.json()
# Usage
coupons = get_user_coupons('user_123')
print(f"User has {coupons['total']} coupons")
if coupons['coupons']:
    code = coupons['coupons'][0]['code']
    result = redeem_coupon('user_123', code)
    print(f"Redeemed: {result['reward_item']['name']}")
